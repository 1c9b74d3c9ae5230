#!/bin/sh
# The scripted agent of the simulated month: plays claude and every program. It looks up how this try of its request is to end,
# keeps a journal of its own, and reports faults that only an agent can see: a second one at the same request, too many in a lane.
M=@FOLDER@
run=$CLODPUTER_RUN_ID
id=${run##*-}
session=none
for word in "$@"; do
    case $word in --session-id=* | --resume=*) session=${word#*=} ;; esac
done
case $CLODPUTER_TASK in
@LANES@
esac

tries=0
if [ -e "$M/starts/$id" ]; then
    while read -r pid earlier; do
        tries=$((tries + 1))
        [ -e "$M/alive/$lane.$pid" ] && kill -0 "$pid" 2>/dev/null && echo "twice $run beside $earlier" >>"$M/faults"
    done <"$M/starts/$id"
fi
echo "$$ $run" >>"$M/starts/$id"
: >"$M/alive/$lane.$$"
beside=0
for file in "$M/alive/$lane".*; do
    if kill -0 "${file##*.}" 2>/dev/null; then beside=$((beside + 1)); else rm -f "$file"; fi
done
[ $beside -gt $slots ] && echo "crowded $lane: $beside at once, with $run" >>"$M/faults"

fate=completed cost=0.1
if [ -e "$M/fates/$id" ]; then
    # The last line is for all further tries.
    while read -r one other; do
        fate=$one cost=$other
        [ $tries -eq 0 ] && break
        tries=$((tries - 1))
    done <"$M/fates/$id"
fi
echo "began $run $fate $cost" >>"$M/journal"
[ "$fate" = pruned ] && fate=usage_limit || : >"$M/projects/$session.jsonl"
status=0
case $fate in
killed) kill -9 $$ ;;
startup_hang) exec sleep 600 ;;
stray) sleep 600 >/dev/null 2>&1 & fate=completed ;;
esac
if [ "$session" != none ]; then
    read -r now <"$M/now"
    sed -e "s/@SESSION@/$session/g" -e "s/7777.5/$cost/g" -e "s/1999999999/$((now + 5400))/g" "$M/streams/$fate"
    read -r status <"$M/streams/$fate.status"
    [ "$fate" = stall ] && exec sleep 600
else
    case $fate in
    completed) echo "{\"cost_usd\": $cost}" ;;
    nothing_to_do) echo "{\"cost_usd\": $cost, \"nothing_to_do\": \"none\"}" ;;
    exit_status) echo "{\"retry_after\": 5}" && status=7 ;;
    config) status=78 ;;
    output_too_large) head -c 400000 /dev/zero ;;
    timeout) exec sleep 600 ;;
    esac
fi
rm -f "$M/alive/$lane.$$"
echo "ended $run $fate $cost" >>"$M/journal"
exit "$status"
