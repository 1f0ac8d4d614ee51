/* The checker's findings, and how it compares numbers. */
#include "check.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void keep(struct check_finding *list, int *count, const char *check, const char *format, va_list arguments)
{
    struct check_finding finding;
    snprintf(finding.check, sizeof finding.check, "%s", check);
    vsnprintf(finding.text, sizeof finding.text, format, arguments);
    for (int i = 0; i < *count && i < CHECK_MAX_FINDINGS; i++)
        if (strcmp(list[i].check, finding.check) == 0 && strcmp(list[i].text, finding.text) == 0)
            return;
    if (*count < CHECK_MAX_FINDINGS)
        list[*count] = finding;
    ++*count;
}

void check_fail(struct check_report *report, const char *check, const char *format, ...)
{
    va_list arguments;
    if (!check_found(report, check) && report->n_failed < CHECK_MAX_FINDINGS)
        snprintf(report->failed[report->n_failed++], sizeof *report->failed, "%s", check);
    va_start(arguments, format);
    keep(report->failure, &report->failures, check, format, arguments);
    va_end(arguments);
}

void check_skip(struct check_report *report, const char *check, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    keep(report->skipped, &report->skips, check, format, arguments);
    va_end(arguments);
}

bool check_found(const struct check_report *report, const char *check)
{
    for (int i = 0; i < report->n_failed; i++)
        if (strcmp(report->failed[i], check) == 0)
            return true;
    return false;
}

void check_print(const struct check_report *report)
{
    printf("%-24s %4d cases %8ld numbers  worst error %.2g of what is allowed, %d failures\n", report->op, report->cases,
           report->comparisons, report->worst, report->failures);
    for (int i = 0; i < report->failures && i < CHECK_MAX_FINDINGS; i++)
        printf("    FAILED %s: %s\n", report->failure[i].check, report->failure[i].text);
    if (report->failures > CHECK_MAX_FINDINGS)
        printf("    and %d more\n", report->failures - CHECK_MAX_FINDINGS);
}

bool check_close(double got, double want, double rtol, double atol)
{
    return isfinite(got) && isfinite(want) && fabs(got - want) <= atol + rtol * fabs(want);
}

bool check_same(double got, double want)
{
    return got == want || (isnan(got) && isnan(want));
}
