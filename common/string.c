/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The C library's functions that the image needs; see string.h. The string instructions copy and fill what is long; for
 * what is short, as a decoder's matches are, they take longer to begin than a loop needs for all of it.
 */
#include "common/string.h"

#include <stdint.h>

#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen

#define SHORT 64

/* From the lowest byte on, each read before one behind it is written: so memmove can copy downwards with it. */
static void copy_short(uint8_t *to, const uint8_t *from, size_t size)
{
    uint64_t word;

    for (; size >= sizeof(word); size -= sizeof(word), to += sizeof(word), from += sizeof(word)) {
        __builtin_memcpy(&word, from, sizeof(word));
        __builtin_memcpy(to, &word, sizeof(word));
        __asm__ volatile("" : : : "memory"); /* or the compiler would see memcpy in this, and call it */
    }
    for (; size; size--) {
        *to++ = *from++;
        __asm__ volatile("" : : : "memory");
    }
}

void *memcpy(void *restrict destination, const void *restrict source, size_t size)
{
    void *at = destination;
    size_t words = size / 8;

    if (size < SHORT) {
        copy_short(destination, source, size);
        return destination;
    }
    size %= 8;
    __asm__ volatile("rep movsq" : "+D"(at), "+S"(source), "+c"(words) : : "memory");
    __asm__ volatile("rep movsb" : "+D"(at), "+S"(source), "+c"(size) : : "memory");
    return destination;
}

void *memmove(void *destination, const void *source, size_t size)
{
    if ((uintptr_t)destination - (uintptr_t)source >= size)
        return memcpy(destination, source, size);

    /* The destination begins inside the source: copy from the end. */
    uint8_t *to = (uint8_t *)destination + size;
    const uint8_t *from = (const uint8_t *)source + size;
    uint64_t word;

    for (; size >= sizeof(word); size -= sizeof(word)) {
        __builtin_memcpy(&word, from -= sizeof(word), sizeof(word));
        __builtin_memcpy(to -= sizeof(word), &word, sizeof(word));
        __asm__ volatile("" : : : "memory");
    }
    while (size--) {
        *--to = *--from;
        __asm__ volatile("" : : : "memory");
    }
    return destination;
}

void *memset(void *destination, int value, size_t size)
{
    void *at = destination;
    uint64_t pattern = (uint8_t)value * 0x0101010101010101ull;
    size_t words = size / 8;

    size %= 8;
    __asm__ volatile("rep stosq" : "+D"(at), "+c"(words) : "a"(pattern) : "memory");
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(size) : "a"(pattern) : "memory");
    return destination;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const uint8_t *left = a, *right = b;

    for (size_t i = 0; i < size; i++) {
        if (left[i] != right[i])
            return left[i] - right[i];
    }
    return 0;
}

size_t strlen(const char *text)
{
    size_t length = 0;

    while (text[length])
        length++;
    return length;
}

size_t strnlen(const char *text, size_t limit)
{
    size_t length = 0;

    while (length < limit && text[length])
        length++;
    return length;
}

int strncmp(const char *a, const char *b, size_t limit)
{
    for (size_t i = 0; i < limit; i++) {
        if (a[i] != b[i] || !a[i])
            return (uint8_t)a[i] - (uint8_t)b[i];
    }
    return 0;
}

int strcmp(const char *a, const char *b)
{
    for (; *a && *a == *b; a++)
        b++;
    return (uint8_t)*a - (uint8_t)*b;
}

char *strchr(const char *text, int character)
{
    for (; *text != (char)character; text++) {
        if (!*text)
            return NULL;
    }
    return (char *)text;
}
