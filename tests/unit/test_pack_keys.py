# SPDX-License-Identifier: BSD-2-Clause
"""quadrivium-pack --fit-key: the .fitkey section, from keys and certificates that openssl made."""

import struct
import subprocess

from pack_workshop import content, shop


def openssl(*arguments, stdin=None):
    return subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=True).stdout


def rsa_key(shop, name, bits=2048, exponent=65537):
    """A private key's file, and its modulus."""
    path = shop.folder / name
    openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}", "-pkeyopt",
            f"rsa_keygen_pubexp:{exponent}", "-out", path)  # fmt: skip
    modulus = openssl("rsa", "-in", path, "-noout", "-modulus").decode().strip().removeprefix("Modulus=")
    return path, bytes.fromhex(modulus)


def fit_key(name, modulus, exponent=b"\x01\0\x01"):
    numbers = (struct.pack(">I", len(number)) + number for number in (modulus, exponent))
    return name.ljust(64, b"\0") + b"".join(numbers)


def test_fit_keys(shop):
    """Public keys and certificates, with and without names, in both forms."""
    key, modulus = rsa_key(shop, "key")
    long_key, long_modulus = rsa_key(shop, "long.key", 4096, 3)
    public = shop.file("public.pem", openssl("pkey", "-in", key, "-pubout"))
    binary = shop.file("public.der", openssl("pkey", "-in", key, "-pubout", "-outform", "DER"))
    request = ("req", "-x509", "-batch", "-subj", "/CN=x", "-key", long_key)
    certificate = shop.file("a:b.crt", openssl(*request))
    binary_certificate = shop.file("crt.der", openssl(*request, "-outform", "DER"))
    image = shop.pack(f"--fit-key={public}", f"--fit-key=dev:{binary}", f"--fit-key={certificate}",
                      f"--fit-key={'n' * 63}:{binary_certificate}")  # fmt: skip
    section = content(image, ".fitkey")
    assert section == (fit_key(b"", modulus) + fit_key(b"dev", modulus) + fit_key(b"", long_modulus, b"\3")
                       + fit_key(b"n" * 63, long_modulus, b"\3"))  # fmt: skip
    again = shop.pack(f"--section=.fitkey:{shop.file('section', section)}")
    assert content(again, ".fitkey") == section


def test_bad_fit_keys(shop):
    key, modulus = rsa_key(shop, "key")
    public = shop.file("public.pem", openssl("pkey", "-in", key, "-pubout"))
    short, _ = rsa_key(shop, "short.key", 1024)
    short = shop.file("short.pem", openssl("pkey", "-in", short, "-pubout"))
    curve = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    curve = shop.file("curve.pem", openssl("pkey", "-pubout", stdin=curve))
    for path in (key, shop.kernel, shop.file("cut.pem", public.read_bytes()[:200])):
        assert f"{path.name}: neither a public key nor a certificate" in shop.refused(f"--fit-key={path}")
    assert "short.pem: it is a key of RSA with 1024 bits" in shop.refused(f"--fit-key={short}")
    assert "curve.pem: it is a key of EC with 256 bits" in shop.refused(f"--fit-key={curve}")
    assert "is longer than 63 characters" in shop.refused(f"--fit-key={'n' * 64}:{public}")
    assert "it has more than 8 keys" in shop.refused(*[f"--fit-key={public}"] * 9)
    entry = fit_key(b"", modulus)
    for section in (entry[:-1], b"n" * 64 + entry[64:], entry + b"x", fit_key(b"", modulus[:-1] + b"\0")):
        shop.refused(f"--section=.fitkey:{shop.file('section', section)}")
