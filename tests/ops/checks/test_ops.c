/* Runs the checker on every op of the registry, one test for each; with arguments only on the ops that they name, with "k/n" on every
   n-th op, from the k-th on: parts of the registry can run at the same time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Prints at the end what was not checked, so that silence is not read as success. */
static void summary(size_t all, size_t n)
{
    long cases = 0, comparisons = 0;
    printf("Not checked:\n");
    for (size_t i = 0; i < all; i++) {
        cases += reports[i].cases;
        comparisons += reports[i].comparisons;
        for (int k = 0; k < reports[i].skips && k < CHECK_MAX_FINDINGS; k++)
            printf("    %s: %s: %s\n", reports[i].op, reports[i].skipped[k].check, reports[i].skipped[k].text);
        if (reports[i].skips > CHECK_MAX_FINDINGS)
            printf("    %s: and %d more\n", reports[i].op, reports[i].skips - CHECK_MAX_FINDINGS);
    }
    printf("%zu ops, %ld cases, %ld numbers compared\n", n, cases, comparisons);
}

static bool wanted(size_t op, int argc, char **argv)
{
    size_t first, step;
    if (argc == 2 && sscanf(argv[1], "%zu/%zu", &first, &step) == 2)
        return step > 0 && op % step + 1 == first;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], wg_op_at(op)->name) == 0)
            return true;
    return argc == 1;
}

int main(int argc, char **argv)
{
    const size_t all = wg_op_count();
    size_t n = 0;
    struct CMUnitTest *tests = calloc(all, sizeof *tests);
    size_t *index = calloc(all, sizeof *index);
    reports = calloc(all, sizeof *reports);
    if (!tests || !index || !reports || wg_warmup(2) != WG_OK)
        return 2;
    for (size_t i = 0; i < all; i++)
        if (wanted(i, argc, argv)) {
            index[n] = i;
            tests[n] = (struct CMUnitTest){.name = wg_op_at(i)->name, .test_func = one_op, .initial_state = &index[n]};
            n++;
        }
    if (n == 0 || n < (size_t)argc - 1)
        return fprintf(stderr, "an argument is no op's name\n"), 2;
    const int failed = _cmocka_run_group_tests("ops", tests, n, NULL, NULL);
    summary(all, n);
    free(tests);
    free(index);
    free(reports);
    return failed != 0;
}
