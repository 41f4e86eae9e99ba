"""Compressed files, QCSchema, outputs of ORCA and files .engrad."""

import bz2
import gzip
import json
import lzma

import numpy as np
import pytest

from mlip_compose.core.errors import MissingLabelsError, RequestError, SchemaError, UnreadableError
from mlip_compose.store.formats.keys import Keys
from mlip_compose.store.formats.registry import read_frames

XYZ = "2\nProperties=species:S:1:pos:R:3:forces:R:3 energy=-2.5\nH 0 0 0 0.5 0 -1\nF 0 0 1 0 0 0\n"


@pytest.mark.parametrize(
    ("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)]
)
def test_compressed_files_are_read_and_damage_names_them(tmp_path, suffix, pack):
    path = tmp_path / f"a.xyz{suffix}"
    path.write_bytes(pack(XYZ.encode()))
    (run,) = read_frames(path)
    assert run.source == path
    assert run.energy.tolist() == [-2.5]
    path.write_bytes(pack(XYZ.encode())[:-12])
    with pytest.raises(UnreadableError, match=rf"a\.xyz\{suffix}"):
        list(read_frames(path))
    path.write_bytes(pack(XYZ[:-20].encode()))
    with pytest.raises(UnreadableError, match=rf"{tmp_path.name}/a\.xyz\{suffix}"):
        list(read_frames(path))


def test_compressed_arrays_are_read(tmp_path):
    np.savez(tmp_path / "a.npz", z=[1, 9], R=np.zeros((3, 2, 3)), E=[1, 2, 3], F=np.ones((3, 2, 3)))
    path = tmp_path / "b.npz.gz"
    path.write_bytes(gzip.compress((tmp_path / "a.npz").read_bytes()))
    (run,) = read_frames(path)
    assert run.energy.tolist() == [1, 2, 3]


def test_a_file_that_unpacks_to_a_multiple_is_refused(tmp_path):
    path = tmp_path / "a.xyz.xz"
    path.write_bytes(lzma.compress(bytes(80 * 2**20)))
    with pytest.raises(UnreadableError, match="bytes in it"):
        list(read_frames(path))


def encoded(text):
    return [
        text.encode("utf-8-sig"),
        text.encode("utf-16"),
        text.replace("energy", "author=Zoë energy").encode("latin-1"),
        text.replace("\n", "\r\n").encode(),
    ]


@pytest.mark.parametrize("content", encoded(XYZ * 2))
def test_any_encoding_of_text_is_read(tmp_path, content):
    (tmp_path / "a.xyz").write_bytes(content)
    (run,) = read_frames(tmp_path / "a.xyz")
    assert run.energy.tolist() == [-2.5, -2.5]


@pytest.mark.parametrize(
    "text",
    [
        XYZ.replace("\nH ", "\nD "),
        XYZ.replace("\nH ", "\nT "),
        "2\nProperties=pos:R:3:species:S:1:forces:R:3 energy=1\n0 0 0 D .5 0 -1\n0 0 1 F 0 0 0\n",
    ],
)
def test_deuterium_and_tritium_are_hydrogen_and_that_is_said(tmp_path, text):
    (tmp_path / "a.xyz").write_text(text + XYZ)
    runs = list(read_frames(tmp_path / "a.xyz"))
    assert [run.numbers.tolist() for run in runs] == [[1, 9], [1, 9]]
    assert [any("hydrogen" in note for note in run.notes) for run in runs] == [True, False]


def qcschema(**changes):
    return {
        "schema_name": "qcschema_output",
        "schema_version": 1,
        "driver": "gradient",
        "molecule": {
            "symbols": ["H", "F"],
            "geometry": [0, 0, 0, 0, 0, 1.7],
            "molecular_charge": -1.0,
            "molecular_multiplicity": 2,
        },
        "return_result": [[0, 0, 0.25], [0, 0, -0.25]],
        "properties": {"return_energy": -100.5, "nuclear_repulsion_energy": 5.0},
        **changes,
    }


def test_qcschema_is_in_atomic_units_with_gradients(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps([qcschema(), qcschema()]))
    (run,) = read_frames(path)
    assert run.forces[0].tolist() == [[0, 0, -0.25], [0, 0, 0.25]]
    assert run.energy.tolist() == [-100.5, -100.5]
    assert run.positions[0, 1].tolist() == [0, 0, 1.7]
    assert (run.charge, run.spin) == (-1, 2)
    assert run.units == ("Hartree", "Hartree/Bohr", "Bohr", True)


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ({"weights": [1]}, SchemaError),
        ([], SchemaError),
        (qcschema(driver="energy", return_result=-100.5), MissingLabelsError),
        (qcschema(properties={}), MissingLabelsError),
        (qcschema(return_result=[1, 2]), UnreadableError),
        (qcschema(properties={"return_energy": "low"}), UnreadableError),
    ],
)
def test_what_is_no_gradient_of_qcschema_is_refused(tmp_path, document, error):
    (tmp_path / "a.json").write_text(json.dumps(document))
    with pytest.raises(error, match=r"a\.json"):
        list(read_frames(tmp_path / "a.json"))


ENGRAD = """#
# Number of atoms
#
 2
#
# The current total energy in Eh
#
   -100.500000000000
#
# The current gradient in Eh/bohr
#
       0.000000000000
       0.000000000000
       0.250000000000
       0.000000000000
       0.000000000000
      -0.250000000000
#
# The atomic numbers and current coordinates in Bohr
#
   1     0.0000000    0.0000000    0.0000000
   9     0.0000000    0.0000000    1.7000000
"""


def test_engrad_is_in_atomic_units(tmp_path):
    path = tmp_path / "a.engrad"
    path.write_text(ENGRAD)
    (run,) = read_frames(path)
    assert run.numbers.tolist() == [1, 9]
    assert run.forces[0].tolist() == [[0, 0, -0.25], [0, 0, 0.25]]
    assert run.positions[0, 1].tolist() == [0, 0, 1.7]
    assert run.units == ("Hartree", "Hartree/Bohr", "Bohr", True)
    path.write_text(ENGRAD[:-60])
    with pytest.raises(UnreadableError):
        list(read_frames(path))
    with pytest.raises(RequestError, match="no names of numbers"):
        read_frames(path, Keys(energy="x"))


ORCA = """
                                 *****************
                                 * O   R   C   A *
                                 *****************

---------------------------------
CARTESIAN COORDINATES (ANGSTROEM)
---------------------------------
  H      0.000000    0.000000    0.000000
  F      0.000000    0.000000    0.900000

----------------------------
CARTESIAN COORDINATES (A.U.)
----------------------------

 Total Charge           Charge          ....    0
 Multiplicity           Mult            ....    1

Number of atoms                             ...      2

FINAL SINGLE POINT ENERGY      -100.500000000000

------------------
CARTESIAN GRADIENT
------------------

   1   H   :    0.000000000    0.000000000    0.250000000
   2   F   :    0.000000000    0.000000000   -0.250000000

Difference to translation invariance:

                             ****ORCA TERMINATED NORMALLY****
"""


def test_an_output_of_orca_is_read_by_ase(tmp_path):
    path = tmp_path / "a.out"
    path.write_text(ORCA)
    (run,) = read_frames(path)
    assert run.energy == pytest.approx(-100.5 * 27.211386, rel=1e-6)
    assert run.forces[0, 1, 2] == pytest.approx(0.25 * 51.422067, rel=1e-6)
    assert (run.charge, run.spin) == (0, 1)
    assert run.units == ("eV", "eV/Angstrom", "Angstrom", True)
    before, _, after = ORCA.partition("CARTESIAN GRADIENT")
    path.write_text(before + after)
    with pytest.raises(MissingLabelsError, match="no forces"):
        list(read_frames(path))
    path.write_text(ORCA[:-60])
    with pytest.raises(UnreadableError, match="not finish"):
        list(read_frames(path))
    path.write_text("another program")
    with pytest.raises(SchemaError, match="another program"):
        list(read_frames(path))
