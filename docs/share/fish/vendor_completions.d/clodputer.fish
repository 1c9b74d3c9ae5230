function _clodputer_completion
    set -l typed (commandline -cp | string collect --allow-empty)
    env COMP_TYPED="$typed" _CLODPUTER_COMPLETE=fish_complete clodputer 2>/dev/null | string replace -r '^[^,]*,' ''
end
complete --no-files --command clodputer --arguments "(_clodputer_completion)"
