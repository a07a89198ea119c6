"""The etiquette as a table written down a second time, to hold the rules against."""

from __future__ import annotations

DOMAINS = {
    "relation": ("none", "pending", "they_invited", "connected"),
    "experience": ("positive", "neutral", "negative"),
    "wants": ("yes", "no"),
    "outcome": ("none", "positive", "constructive", "rejected", "offer"),
    "role": ("hiring_manager", "panel_member", "recruiter_internal", "via_agency"),
    "invited": ("yes", "no"),
    "tone": ("rapport", "ordinary", "reserved"),
    "elapsed": ("waiting", "ready", "silent"),
    "thanks": ("sent", "not_sent", "no_address"),
}


def table(f: dict[str, str]) -> str:  # noqa: C901 - a table, read from top to bottom
    """Etiquette 6.2, row by row: the first that fits."""
    negative, wanted = f["experience"] == "negative", f["wants"] == "yes"
    waiting, silent = f["elapsed"] == "waiting", f["elapsed"] == "silent"
    unsent, reserved, invited = f["thanks"] == "not_sent", f["tone"] == "reserved", f["invited"] == "yes"
    if f["relation"] == "connected":
        return "R01"
    if negative and not wanted:
        return "R02"
    if f["relation"] == "they_invited":
        return "R03"
    if f["relation"] == "pending":
        return "R04"
    if f["outcome"] == "offer":
        return "R05"
    if negative:
        return "R06" if f["outcome"] != "none" or not waiting else "R07"
    if f["outcome"] != "none":
        return {"positive": "R08", "constructive": "R09", "rejected": "R10"}[f["outcome"]]
    if f["role"] == "via_agency":
        return "R11"
    if invited:
        return "R12" if waiting and unsent else "R13"
    if f["role"] == "recruiter_internal":
        return "R14"
    if reserved:
        return "R15" if unsent else "R16" if silent else "R17"
    if f["role"] == "panel_member" and f["experience"] == "neutral":
        return "R18"
    if waiting:
        return "R19" if unsent else "R20"
    return {"not_sent": "R21", "sent": "R22", "no_address": "R23"}[f["thanks"]]


VERDICTS = dict(
    pair.split("=")
    for pair in [
        "R01=keep_warm",
        "R02=skip",
        "R03=accept_theirs",
        "R04=leave_pending",
        "R05=connect_now",
        "R06=connect_neutral",
        "R07=wait_then_connect",
        "R08=connect_now",
        "R09=connect_now",
        "R10=connect_now",
        "R11=route_via_agency",
        "R12=thank_you_then_wait",
        "R13=connect_now",
        "R14=connect_now",
        "R15=thank_you_then_hold",
        "R16=one_check_then_close",
        "R17=hold_for_outcome",
        "R18=hold_for_outcome",
        "R19=thank_you_then_wait",
        "R20=wait_then_connect",
        "R21=thank_you_first",
        "R22=connect_now",
        "R23=connect_now",
    ]
)
