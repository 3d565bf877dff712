/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The few functions of <string.h> that we use, with the C library's names and meanings (C11 7.24), because the compiler
 * calls some of them itself. In the image string.c has them; native tests take the host's.
 */
#ifndef COMMON_STRING_H
#define COMMON_STRING_H

#include <stddef.h>

void *memcpy(void *restrict destination, const void *restrict source, size_t size);
void *memmove(void *destination, const void *source, size_t size);
void *memset(void *destination, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);
size_t strnlen(const char *text, size_t limit);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t limit);
char *strchr(const char *text, int character);

#if !__STDC_HOSTED__
/* A freestanding compiler may not take these for what they are by itself; named so, short ones become single moves. */
#define memcpy  __builtin_memcpy
#define memmove __builtin_memmove
#define memset  __builtin_memset
#define memcmp  __builtin_memcmp
#define strlen  __builtin_strlen
#endif

#endif
