# SPDX-License-Identifier: BSD-2-Clause
"""Writes docs/measurements.md: what test_measure.py saw in the event log of each of its boots."""

from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs/measurements.md"
TYPE_1, LINUX64, UKI, PACKED, SECURE_UKI, SECURE_PACKED, MULTIBOOT2 = TITLES = (
    "An entry of type 1 with two initrds and a device tree", "The same with `qv.exit=linux64`", "A UKI with an addon",
    "A packed image", "A UKI with an addon, under Secure Boot", "A packed image, under Secure Boot",
    "A multiboot2 kernel with two modules")
INTRODUCTION = """# Measurements

What is in PCRs 4, 9 and 12 when a kernel runs, entry by entry: from the event logs of machines with OVMF and a TPM 2 (swtpm),
whose PCRs were computed again from the files and words alone. Written by `make docs` (tests/boot/test_measure.py). What each PCR
is for is in [security.md](security.md).

An event of the type `EV_IPL` is ours; `EV_EVENT_TAG` is of Linux's EFI stub (6.1); the others are the firmware's. The multiboot2
kernel is another Quadrivium, which starts its first module and measures what it starts.
"""


def write_document(cases):
    """Writes it from CASES: pairs of one of TITLES and its rows, each a PCR, the event's type and text, and what is hashed."""
    found = dict(cases)
    lines = [INTRODUCTION]
    for title in (title for title in TITLES if title in found):
        lines += [f"## {title}", "", "| PCR | event | its text | what is hashed |", "|---:|---|---|---|"]
        lines += [f"| {pcr} | `{event}` | {f'`{text}`' if text else '–'} | {what} |" for pcr, event, text, what in found[title]]
        lines.append("")
    DOCUMENT.write_text("\n".join(lines).rstrip() + "\n")
