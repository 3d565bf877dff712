/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/loader_conf.c menu/conf.c storage/path.c common/text.c common/failure.c */
/* loader.conf: each key, what is passed over, and what is reported. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "common/text.h"
#include "menu/loader_conf.h"

#include <cmocka.h>

static struct loader_conf conf;
static struct failure reports[LOADER_CONF_REPORTS_MAX + 2];
static unsigned report_count;

static void report(void *context, const struct failure *failure)
{
    assert_ptr_equal(context, &conf);
    assert_true(report_count < sizeof(reports) / sizeof(*reports));
    reports[report_count++] = *failure;
}

static void parse(const char *text)
{
    report_count = 0;
    memset(&conf, 0xee, sizeof(conf));
    loader_conf_parse(text_span(text), "loader.conf", &conf, report, &conf);
}

static void expect_report(const char *text, const char *what, const char *why)
{
    parse(text);
    assert_int_equal(report_count, 1);
    assert_string_equal(reports[0].what, what);
    assert_string_equal(reports[0].why, why);
}

static void nothing(void **state)
{
    (void)state;
    parse("\n# timeout 3\n");
    assert_int_equal(report_count, 0);
    assert_null(conf.default_entry.data);
    assert_null(conf.console_mode.data);
    assert_false(conf.has_timeout || conf.no_editor || conf.no_auto_entries || conf.no_auto_firmware ||
                 conf.random_seed_off);
    assert_int_equal(conf.auto_reboot, BLS_UNSET);
    assert_int_equal(conf.auto_poweroff, BLS_UNSET);
}

static void every_key(void **state)
{
    (void)state;
    parse("timeout 5\r\ndefault debian-*\nconsole-mode max\neditor no\nauto-entries 0\nauto-firmware off\n"
          "auto-reboot yes\nauto-poweroff no\nrandom-seed-mode off\n");
    assert_int_equal(report_count, 0);
    assert_true(conf.has_timeout);
    assert_int_equal(conf.timeout, TIMEOUT_SECONDS);
    assert_int_equal(conf.seconds, 5);
    assert_true(text_equals(conf.default_entry, "debian-*"));
    assert_true(text_equals(conf.console_mode, "max"));
    assert_true(conf.no_editor && conf.no_auto_entries && conf.no_auto_firmware && conf.random_seed_off);
    assert_int_equal(conf.auto_reboot, BLS_YES);
    assert_int_equal(conf.auto_poweroff, BLS_NO);
}

static void timeouts(void **state)
{
    (void)state;
    parse("timeout menu-force");
    assert_int_equal(conf.timeout, TIMEOUT_FORCE);
    parse("timeout menu-hidden");
    assert_int_equal(conf.timeout, TIMEOUT_HIDDEN);
    parse("timeout menu-disabled");
    assert_int_equal(conf.timeout, TIMEOUT_DISABLED);
    parse("timeout 0");
    assert_true(conf.has_timeout);
    assert_int_equal(conf.seconds, 0);
    parse("timeout 4294967295");
    assert_int_equal(conf.seconds, UINT32_MAX);
    expect_report("timeout 4294967296", "loader.conf:1", "timeout cannot be '4294967296'");
    assert_false(conf.has_timeout);
    expect_report("timeout -1", "loader.conf:1", "timeout cannot be '-1'");
    expect_report("timeout 0x10", "loader.conf:1", "timeout cannot be '0x10'");
    expect_report("timeout 3s", "loader.conf:1", "timeout cannot be '3s'");
}

static void booleans(void **state)
{
    static const char *const on[] = { "yes", "y", "true", "t", "on", "1", "YES" };
    static const char *const off[] = { "no", "n", "false", "f", "off", "0", "No" };
    char text[32];

    (void)state;
    for (size_t i = 0; i < sizeof(on) / sizeof(*on); i++) {
        text_format(text, sizeof(text), "editor no\neditor %s", on[i]);
        parse(text);
        assert_int_equal(report_count, 0);
        assert_false(conf.no_editor);
        text_format(text, sizeof(text), "editor %s", off[i]);
        parse(text);
        assert_int_equal(report_count, 0);
        assert_true(conf.no_editor);
    }
    expect_report("editor no\neditor maybe", "loader.conf:2", "editor cannot be 'maybe'");
    assert_true(conf.no_editor); /* what was said before holds */
    expect_report("auto-reboot 2", "loader.conf:1", "auto-reboot cannot be '2'");
    assert_int_equal(conf.auto_reboot, BLS_UNSET);
}

static void values(void **state)
{
    (void)state;
    parse("default @saved\nconsole-mode 2\nrandom-seed-mode always\nrandom-seed-mode with-system-token");
    assert_int_equal(report_count, 0);
    assert_true(text_equals(conf.default_entry, "@saved"));
    assert_true(text_equals(conf.console_mode, "2"));
    assert_false(conf.random_seed_off);
    parse("default \"debian 12*\"");
    assert_true(text_equals(conf.default_entry, "debian 12*"));
    parse("default \"a");
    assert_true(text_equals(conf.default_entry, "\"a"));
    expect_report("default @last", "loader.conf:1", "default cannot be '@last'");
    expect_report("console-mode big", "loader.conf:1", "console-mode cannot be 'big'");
    expect_report("random-seed-mode on", "loader.conf:1", "random-seed-mode cannot be 'on'");
    expect_report("default \"\"", "loader.conf:1", "default has no value");
    expect_report("default", "loader.conf:1", "default has no value");
}

static void the_later_holds(void **state)
{
    (void)state;
    parse("timeout 3\ndefault a\ntimeout menu-force\ndefault b\n");
    assert_int_equal(conf.timeout, TIMEOUT_FORCE);
    assert_int_equal(conf.seconds, 0);
    assert_true(text_equals(conf.default_entry, "b"));
}

static void of_systemd_boot_only(void **state)
{
    (void)state;
    parse("beep yes\nsecure-boot-enroll if-safe\nsecure-boot-enroll-action reboot\nreboot-for-bitlocker 1\n"
          "secure-boot-enroll-timeout-sec hidden\nreboot-on-error auto\nlog-level debug\n");
    assert_int_equal(report_count, 0);
}

static void bad_lines(void **state)
{
    static char text[70000];

    (void)state;
    expect_report("timeout 3\nTimeout 4\neditor no\n", "loader.conf:2", "Timeout is unknown");
    assert_int_equal(conf.seconds, 3);
    assert_true(conf.no_editor);
    expect_report("editor\x01 no\ntimeout 4\n", "loader.conf:1", "it has control characters or is not UTF-8");
    assert_int_equal(conf.seconds, 4);
    memset(text, 'd', sizeof(text));
    memcpy(text + 65536, "\ntimeout 9", 11);
    expect_report(text, "loader.conf:1", "it has more than 16384 bytes");
    assert_int_equal(conf.seconds, 9);
}

static void many_bad_lines(void **state)
{
    char text[256] = "";

    (void)state;
    for (int i = 0; i < LOADER_CONF_REPORTS_MAX; i++)
        strcat(text, "x\n");
    parse(text);
    assert_int_equal(report_count, LOADER_CONF_REPORTS_MAX);
    strcat(text, "x\nx\n");
    parse(text);
    assert_int_equal(report_count, LOADER_CONF_REPORTS_MAX + 1);
    assert_string_equal(reports[report_count - 1].what, "loader.conf");
    assert_string_equal(reports[report_count - 1].why, "2 further lines cannot be understood");
    loader_conf_parse(text_span(text), "loader.conf", &conf, NULL, NULL);
}

static void too_large(void **state)
{
    static uint8_t text[CONF_FILE_MAX + 1];

    (void)state;
    memset(text, '\n', sizeof(text));
    memcpy(text, "timeout 3", 9);
    report_count = 0;
    loader_conf_parse((struct span){ text, CONF_FILE_MAX }, "loader.conf", &conf, report, &conf);
    assert_int_equal(report_count, 0);
    assert_int_equal(conf.seconds, 3);
    loader_conf_parse((struct span){ text, CONF_FILE_MAX + 1 }, "loader.conf", &conf, report, &conf);
    assert_int_equal(report_count, 1);
    assert_string_equal(reports[0].why, "it has 1048577 bytes, more than 1048576");
    assert_false(conf.has_timeout);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing),
        cmocka_unit_test(every_key),
        cmocka_unit_test(timeouts),
        cmocka_unit_test(booleans),
        cmocka_unit_test(values),
        cmocka_unit_test(the_later_holds),
        cmocka_unit_test(of_systemd_boot_only),
        cmocka_unit_test(bad_lines),
        cmocka_unit_test(many_bad_lines),
        cmocka_unit_test(too_large),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
