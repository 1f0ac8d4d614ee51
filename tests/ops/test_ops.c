/* Every op of the registry goes through the checker: one test an op. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "check.h"
#include "wengert/runtime.h"

static struct check_report *reports;

static void one_op(void **state)
{
    const size_t i = *(const size_t *)*state;
    check_op(wg_op_at(i), &reports[i]);
    check_print(&reports[i]);
    assert_int_equal(reports[i].failures, 0);
}

/* What was not checked stands at the end, so that nobody takes silence for success. */
static void summary(size_t n)
{
    long cases = 0, comparisons = 0;
    printf("Not checked:\n");
    for (size_t i = 0; i < n; i++) {
        cases += reports[i].cases;
        comparisons += reports[i].comparisons;
        for (int k = 0; k < reports[i].skips && k < CHECK_MAX_FINDINGS; k++)
            printf("    %s: %s: %s\n", reports[i].op, reports[i].skipped[k].check, reports[i].skipped[k].text);
        if (reports[i].skips > CHECK_MAX_FINDINGS)
            printf("    %s: and %d more\n", reports[i].op, reports[i].skips - CHECK_MAX_FINDINGS);
    }
    printf("%zu ops, %ld cases, %ld numbers compared\n", n, cases, comparisons);
}

int main(void)
{
    const size_t n = wg_op_count();
    struct CMUnitTest *tests = calloc(n, sizeof *tests);
    size_t *index = calloc(n, sizeof *index);
    reports = calloc(n, sizeof *reports);
    if (!tests || !index || !reports || wg_warmup(2) != WG_OK)
        return 2;
    for (size_t i = 0; i < n; i++) {
        index[i] = i;
        tests[i] = (struct CMUnitTest){.name = wg_op_at(i)->name, .test_func = one_op, .initial_state = &index[i]};
    }
    const int failed = _cmocka_run_group_tests("ops", tests, n, NULL, NULL);
    summary(n);
    free(tests);
    free(index);
    free(reports);
    return failed != 0;
}
