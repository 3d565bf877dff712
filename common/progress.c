/* SPDX-License-Identifier: BSD-2-Clause */
/* The line of a load that takes its time; see progress.h. */
#include "common/progress.h"

#include <stdbool.h>

#include "common/console.h"
#include "common/text.h"

#define KIB        1024
#define MIB        (1024 * 1024)
#define LINE_WIDTH 76          /* columns: a line that wraps could not be renewed */
#define WHAT_MAX   36          /* bytes of the name */
#define EARLIEST   50000000ull /* ticks that are less than half a second anywhere */

static uint64_t (*ask)(void);
static uint64_t ticks_per_second; /* 0: nobody was asked yet */
static struct {
    const char *what;
    uint64_t total;
    uint64_t next; /* ticks: not shown again before */
    uint64_t since;
    unsigned depth; /* loads that have begun and not ended, the shown one among them */
    bool shown;
} load;

void progress_clock(uint64_t (*frequency)(void))
{
    ask = frequency;
    ticks_per_second = 0;
}

void progress_start(const char *what, uint64_t total)
{
    if (load.depth++)
        return;
    load.what = what;
    load.total = total;
    load.since = __builtin_ia32_rdtsc();
    load.shown = false;
}

static unsigned percent(uint64_t done)
{
    if (done >= load.total)
        return 100;
    return (unsigned)(load.total > UINT64_MAX / 100 ? done / (load.total / 100) : done * 100 / load.total);
}

static void show(uint64_t done)
{
    const bool small = done < MIB;
    const uint64_t amount = done / (small ? KIB : MIB);
    const char *unit = small ? "KiB" : "MiB";
    char line[LINE_WIDTH + 1];

    if (load.total)
        text_format(line, sizeof(line), "quadrivium: loading %.*s: %u %% (%lu %s)", WHAT_MAX, load.what, percent(done),
                    amount, unit);
    else
        text_format(line, sizeof(line), "quadrivium: loading %.*s: %lu %s", WHAT_MAX, load.what, amount, unit);
    print("\r%-76s", line);
    load.shown = true;
}

void progress(uint64_t done)
{
    uint64_t passed;

    if (load.depth != 1 || !ask)
        return;
    passed = __builtin_ia32_rdtsc() - load.since;
    if (passed < EARLIEST || (!ticks_per_second && !(ticks_per_second = ask())))
        return;
    /* Whoever saw a part of it sees the end of it, too. */
    if (passed < (load.shown ? load.next : ticks_per_second / 2) && !(load.shown && load.total && done >= load.total))
        return;
    load.next = passed + ticks_per_second / 4;
    show(done);
}

void progress_end(void)
{
    if (!load.depth || --load.depth)
        return;
    if (load.shown)
        print("\n");
}
