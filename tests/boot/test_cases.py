# SPDX-License-Identifier: BSD-2-Clause
"""The matrix of boot cases is what its opening comment promises."""

import pytest

import cases
import doors

# Further ways through a door that another row covers in full.
VARIANTS = {"efi-bios", "efi-kernel", "efi-chain", "linux16-grub", "linux32-efi", "linux64-kexec-file"}

# Doors through which Linux itself does not start without NX; see cases.txt.
WITHOUT_NX_STOPS = {"linux64-kexec"}


def test_names_are_unique():
    names = [case.name for case in cases.table()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", sorted(doors.DOORS.keys() - VARIANTS))
def test_door_is_covered(name):
    """Each door sees every memory size and CPU model, both CPU counts, one and two initrds, both payload forms and exits."""
    mine = [case for case in cases.table() if case.door == name and case.payload != "bare"]
    assert {case.memory for case in mine} == {"128", "512", "5G"}
    models = {"max,-la57", "qemu64", "max,-nx", "max,-pdpe1gb", "max,+la57"}
    assert {case.cpu for case in mine} == models - ({"max,-nx"} if name in WITHOUT_NX_STOPS else set())
    assert {case.cpus for case in mine} == {1, 2}
    assert {case.initrds for case in mine} == {1, 2}
    assert {case.payload for case in mine} == ({"packed", "modules"} if doors.DOORS[name].modules else {"packed"})
    assert {case.words for case in mine} == {"", "qv.exit=linux32"}


@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_variant_is_there(name):
    assert any(case.door == name for case in cases.table())
