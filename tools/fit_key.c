/* SPDX-License-Identifier: BSD-2-Clause */
/* See fit_key.h. By mbedtls: RFC 7468 (PEM), RFC 5280 (certificates and public keys). */
#include "tools/fit_key.h"

#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>
#include <string.h>

#include "payloads/fit.h"

#define BIG_ENDIAN_SIZE 4

static void put_number(const mbedtls_mpi *number, uint8_t *entry, uint64_t *size)
{
    size_t length = mbedtls_mpi_size(number);

    for (unsigned i = 0; i < BIG_ENDIAN_SIZE; i++)
        entry[*size + i] = (uint8_t)(length >> (24 - 8 * i));
    mbedtls_mpi_write_binary(number, entry + *size + BIG_ENDIAN_SIZE, length);
    *size += BIG_ENDIAN_SIZE + length;
}

static bool write_entry(mbedtls_pk_context *key, const char *name, uint8_t *entry, uint64_t *size,
                        struct failure *failure)
{
    mbedtls_mpi modulus, exponent;
    size_t bits = mbedtls_pk_get_bitlen(key);
    bool done;

    if (mbedtls_pk_get_type(key) != MBEDTLS_PK_RSA || (bits != 2048 && bits != 4096))
        return fail(failure, ".fitkey", "it is a key of %s with %zu bits, not one of RSA with 2048 or 4096",
                    mbedtls_pk_get_name(key), bits);
    mbedtls_mpi_init(&modulus);
    mbedtls_mpi_init(&exponent);
    done = !mbedtls_rsa_export(mbedtls_pk_rsa(*key), &modulus, NULL, NULL, NULL, &exponent) &&
           mbedtls_mpi_size(&exponent) < 16;
    if (done) {
        memset(entry, 0, sizeof(((struct fit_key *)NULL)->name));
        memcpy(entry, name, strlen(name));
        *size = sizeof(((struct fit_key *)NULL)->name);
        put_number(&modulus, entry, size);
        put_number(&exponent, entry, size);
    }
    mbedtls_mpi_free(&exponent);
    mbedtls_mpi_free(&modulus);
    return done || fail(failure, ".fitkey", "its exponent is too large");
}

bool fit_key_entry(struct span file, const char *name, uint8_t *entry, uint64_t *size, struct failure *failure)
{
    mbedtls_pk_context key;
    mbedtls_x509_crt certificate;
    bool done;

    if (strlen(name) >= sizeof(((struct fit_key *)NULL)->name))
        return fail(failure, ".fitkey", "the name %s is longer than %zu characters", name,
                    sizeof(((struct fit_key *)NULL)->name) - 1);
    mbedtls_pk_init(&key);
    mbedtls_x509_crt_init(&certificate);
    if (!mbedtls_pk_parse_public_key(&key, file.data, file.size + 1) ||
        !mbedtls_pk_parse_public_key(&key, file.data, file.size))
        done = write_entry(&key, name, entry, size, failure);
    else if (!mbedtls_x509_crt_parse(&certificate, file.data, file.size + 1) ||
             !mbedtls_x509_crt_parse(&certificate, file.data, file.size))
        done = write_entry(&certificate.pk, name, entry, size, failure);
    else
        done = fail(failure, ".fitkey", "neither a public key nor a certificate");
    mbedtls_x509_crt_free(&certificate);
    mbedtls_pk_free(&key);
    return done;
}
