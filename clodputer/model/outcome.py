"""How a run can end: seven outcomes, and one table of the reasons behind them."""

from __future__ import annotations

from typing import NamedTuple

SUCCEEDED = "succeeded"
FAILED = "failed"
TIMED_OUT = "timed_out"
CANCELLED = "cancelled"
LIMITED = "limited"
LOST = "lost"
SKIPPED = "skipped"

OUTCOMES = (SUCCEEDED, SKIPPED, FAILED, TIMED_OUT, CANCELLED, LIMITED, LOST)
# What says nothing against a task: it did its work, there was none, or something else than the task kept it from it.
BLAMELESS = (SUCCEEDED, SKIPPED, LIMITED, CANCELLED)


# Whether a run that ended for a reason is tried again. BY_DEFAULT: what kept it from its work lies elsewhere and passes.
# WHEN_ASKED: when the task asks for attempts. WHEN_NAMED: when the task names the reason, as the run may have done its work.
# NEVER: the next attempt would end the same way, or something else follows.
BY_DEFAULT, WHEN_ASKED, WHEN_NAMED, NEVER = "by default", "when asked", "when named", "never"


class Reason(NamedTuple):
    """One reason code: the outcome it belongs to, what it means, what to do about it, and whether it is retried."""

    outcome: str
    meaning: str
    remedy: str
    retry: str = NEVER


REASONS: dict[str, Reason] = {
    "completed": Reason(SUCCEEDED, "It ended well and every expectation held.", ""),
    "nothing_to_do": Reason(SKIPPED, "There was nothing to do, as the precheck or the agent said.", ""),
    "satisfied": Reason(SKIPPED, "The task's verify succeeded already, so its agent was not started.", ""),
    "withdrawn": Reason(
        SKIPPED,
        "What it was about had changed when its agent was about to start; the message says how.",
        "",
    ),
    "planned": Reason(
        SKIPPED,
        "It made a plan, as the task says `approve: plan`, and has done nothing else yet.",
        "Look at the plan with `clodputer show RUN`; then `clodputer approve REQUEST`, or `deny`.",
    ),
    "auth": Reason(
        FAILED,
        "The agent is not logged in, or its key or token was refused.",
        "Log in again, or put the agent's key into secrets.env; for claude CLAUDE_CODE_OAUTH_TOKEN, from `claude setup-token`.",
    ),
    "usage_limit": Reason(
        LIMITED,
        "The account's usage limit is reached.",
        "Nothing to do: the account is on hold until the reset, and the run then goes on with its session.",
    ),
    "overloaded": Reason(
        FAILED,
        "The API was overloaded or asked for fewer requests, through all retries.",
        "Run it again later, or name a fallback_model.",
        BY_DEFAULT,
    ),
    "server_error": Reason(
        FAILED, "The API answered with an error, through all retries.", "Run it again later.", BY_DEFAULT
    ),
    "offline": Reason(
        FAILED,
        "The API could not be reached.",
        "Check the network, the proxy, and the address of the API if one is set, such as ANTHROPIC_BASE_URL.",
        BY_DEFAULT,
    ),
    "not_confirmed": Reason(
        FAILED,
        "Just before the start of the agent, GitHub could not be asked whether the request still holds.",
        "Run it again later; to see whether the token works: clodputer doctor",
        BY_DEFAULT,
    ),
    "billing": Reason(
        FAILED,
        "The account has no credit left or billing refused the request.",
        "Check the account's billing.",
    ),
    "model": Reason(
        FAILED, "The model does not exist or the account may not use it.", "Change model in the task."
    ),
    "invalid_request": Reason(
        FAILED,
        "The API refused the request as malformed or too long.",
        "Shorten the prompt or what it pulls in; see the message.",
    ),
    "max_turns": Reason(
        FAILED, "It needed more turns than max_turns.", "Raise max_turns or ask for less.", WHEN_ASKED
    ),
    "max_cost": Reason(FAILED, "It reached max_cost_usd.", "Raise max_cost_usd or ask for less."),
    "max_tokens": Reason(
        FAILED, "The reply was cut off at the model's limit.", "Ask for a shorter reply.", WHEN_ASKED
    ),
    "denied": Reason(
        FAILED,
        "It asked for a tool that it may not use.",
        "Add the tool to allowed_tools, or for other agents than claude change permission_mode; or set on_denied: ignore.",
    ),
    "permissions": Reason(
        FAILED,
        "The agent would have worked with other permissions than the task asks for, and was stopped at once.",
        "Look for what overrides them in your own or the project's settings, or set settings_sources: [user] or [].",
    ),
    "hook": Reason(
        FAILED,
        "A hook of claude's settings stopped the run.",
        "Look at the hooks in your own settings, the project's and those of plugins, or set settings_sources: [user] or [].",
        WHEN_ASKED,
    ),
    "mcp": Reason(
        FAILED,
        "An MCP server named in requires_mcp was not connected.",
        "Start the server by hand to see why.",
        BY_DEFAULT,
    ),
    "no_result": Reason(
        FAILED,
        "The agent ended without a result.",
        "Read what it wrote: clodputer show RUN --stderr",
        WHEN_ASKED,
    ),
    "empty": Reason(
        FAILED,
        "The result is empty, or no turn was taken.",
        "Look at the prompt that was sent: clodputer show RUN",
        WHEN_ASKED,
    ),
    "no_structure": Reason(
        FAILED,
        "The agent's output does not match the task's json_schema.",
        "Say in the prompt what each field means, or ask for less in json_schema.",
        WHEN_ASKED,
    ),
    "expect_unmet": Reason(
        FAILED, "An expectation of the task did not hold.", "See which one in the message.", WHEN_ASKED
    ),
    "unproven": Reason(
        FAILED,
        "The task's verify failed after the run, or could not be run.",
        "See what it said: clodputer show RUN",
        WHEN_ASKED,
    ),
    "precheck": Reason(
        FAILED,
        "The task's precheck failed, so it is not known whether there is work; the agent was not started.",
        "Run it by hand in the working directory; it exits with 0 for work, and with 75 or 1 for none.",
        WHEN_ASKED,
    ),
    "setup": Reason(
        FAILED,
        "The task's setup failed or took longer than setup_timeout; the agent was not started.",
        "See what it said: clodputer show RUN. Run it by hand in the folder, or raise setup_timeout.",
        WHEN_ASKED,
    ),
    "no_progress": Reason(
        FAILED,
        "It called the same tool with the same input more than repeat_limit times.",
        "Look at what it was trying: clodputer show RUN. Then say in the prompt what to do instead, or raise repeat_limit.",
        WHEN_ASKED,
    ),
    "file_operations": Reason(
        FAILED,
        "It wrote files more often than max_file_operations allows, and was stopped; what it had changed stays changed.",
        "See which files: clodputer show RUN. Ask for less, or raise max_file_operations.",
    ),
    "protected": Reason(
        FAILED,
        "It changed, made or deleted files that the task protects.",
        "Look at each of them: clodputer show RUN. With protect_restore: true they are put back as they were.",
    ),
    "agent_error": Reason(
        FAILED, "The agent reported an error of its own; the message has it.", "", WHEN_ASKED
    ),
    "startup_hang": Reason(
        TIMED_OUT,
        "Nothing came from the agent within startup_timeout.",
        "Try it by hand in a bare environment; a slow shell profile or MCP server is the usual cause.",
        BY_DEFAULT,
    ),
    "stall": Reason(
        TIMED_OUT,
        "The agent said nothing for stall_timeout while no tool was running.",
        "Run it again.",
        WHEN_ASKED,
    ),
    "timeout": Reason(TIMED_OUT, "It ran longer than timeout.", "Raise timeout or ask for less.", WHEN_ASKED),
    "output_too_large": Reason(
        FAILED, "It wrote more than max_output.", "Raise max_output, or have it print less.", WHEN_ASKED
    ),
    "exit_status": Reason(
        FAILED,
        "The program exited with a status other than 0.",
        "Read what it wrote: clodputer show RUN --stderr",
        WHEN_ASKED,
    ),
    "config": Reason(
        FAILED,
        "The program exited with status 78 (EX_CONFIG): its configuration is wrong.",
        "Read what it wrote: clodputer show RUN --stderr",
    ),
    "killed": Reason(
        FAILED,
        "The program was ended by a signal that Clodputer did not send.",
        "Look for the out-of-memory killer or another tool that stopped it.",
        WHEN_ASKED,
    ),
    "cancelled": Reason(
        CANCELLED, "It was stopped by a person, or because the command that waited for it ended.", ""
    ),
    "replaced": Reason(
        CANCELLED, "A newer request of the task took the place of its run (overlap: replace).", ""
    ),
    "interrupted": Reason(
        CANCELLED, "Clodputer itself was told to stop; the request went back to the queue.", ""
    ),
    "not_started": Reason(FAILED, "The agent could not be started; the message says why.", ""),
    "no_worktree": Reason(
        FAILED,
        "The worktree of the run could not be made, so the agent was not started; the message says why.",
        "See the message; git worktree list shows the worktrees of a repository.",
    ),
    "worktree_busy": Reason(
        FAILED,
        "The worktree of the run could not be made at that moment: git took too long, or the machine was at its limits.",
        "Run it again; look at the disk and at what else works in the repository.",
        BY_DEFAULT,
    ),
    "no_container": Reason(
        FAILED,
        "The run could not be started in a container: the engine or the image is missing, or works only as root.",
        "See the message, and clodputer doctor, which looks for the same.",
    ),
    "image_build": Reason(
        FAILED,
        "The image of the run could not be built, or took longer than build_timeout.",
        "See the message, and build it by hand to see all of it.",
        BY_DEFAULT,
    ),
    "no_ports": Reason(
        FAILED,
        "No block of ports was free for the run: other runs have them, or programs listen there.",
        "See who listens: ss -ltnp, or lsof -iTCP -sTCP:LISTEN. Run it again later.",
        BY_DEFAULT,
    ),
    "sandbox": Reason(
        FAILED, "Its sandbox could not be made; no agent was started.", "Run: clodputer doctor", BY_DEFAULT
    ),
    "internal": Reason(
        FAILED, "Clodputer itself failed during the run.", "Please report it, with the message.", WHEN_NAMED
    ),
    "refused": Reason(FAILED, "The model refused the request.", "Change the prompt."),
    "not_recorded": Reason(
        LOST,
        "The system kept Clodputer from following the run to its end, for instance by a full disk; the message says how.",
        "Remove the cause and look at what the run did; the request is kept in spool/dead, with the command to drop it again.",
    ),
    "job_ended": Reason(
        LOST,
        "The engine of its lane ended its job while the run went on, or lost the node; the message says how.",
        "Look at what it did; the request is kept in spool/dead, with the command to drop it again.",
        WHEN_NAMED,
    ),
    "exec_died": Reason(
        LOST,
        "Clodputer was killed during the run, or could not write down how it ended.",
        "Look at what it did; the request is kept in spool/dead, with the command to drop it again.",
        WHEN_NAMED,
    ),
}


class Outcome(NamedTuple):
    """How a run ended, in one word, one reason code and one sentence."""

    outcome: str
    reason: str
    message: str = ""


def of(reason: str, message: str = "") -> Outcome:
    """The outcome that a reason code belongs to."""
    return Outcome(REASONS[reason].outcome, reason, message)


def remedy(reason: str, run_id: str) -> str:
    """What to do about a run that ended for this reason; empty when its message says that, and for an unknown reason."""
    known = REASONS.get(reason)
    return known.remedy.replace("show RUN", f"show {run_id}") if known else ""
