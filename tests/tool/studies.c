/* The harness of studies: what fails is seen to fail. */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "common.h"
#include "study.h"

static void claims_are_counted(void **state)
{
    struct study_run run = {.name = "test"};
    (void)state;
    assert_true(study_claim(&run, true, "a true claim"));
    assert_false(study_claim(&run, false, "a false claim of the number %d", 3));
    assert_true(study_near(&run, "a number", 1.01, 1, .03));
    assert_false(study_near(&run, "a number too far", 1.04, 1, .03));
    assert_false(study_near(&run, "no number", (double)NAN, 1, .03));
    assert_int_equal(run.passed, 2);
    assert_int_equal(run.failed, 3);
}

static void exponents_are_those_of_powers(void **state)
{
    const double x[] = {1, 2, 3, 8};
    double y[4];
    (void)state;
    for (int i = 0; i < 4; i++)
        y[i] = 7 * pow(x[i], 2.5);
    assert_true(fabs(study_exponent(x, y, 4) - 2.5) < 1e-14);
}

static void tables_have_their_rows(void **state)
{
    char folder[] = "/tmp/study-XXXXXX", path[64], text[32] = "";
    (void)state;
    assert_non_null(mkdtemp(folder));
    struct study_run run = {.name = "test", .folder = folder};
    assert_true(study_row(&run, "a,b") && study_row(&run, "%d,%g", 1, .5));
    assert_int_equal(fclose(run.csv), 0);
    snprintf(path, sizeof path, "%s/test.csv", folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fread(text, 1, sizeof text - 1, file), strlen("a,b\n1,0.5\n"));
    assert_string_equal(text, "a,b\n1,0.5\n");
    fclose(file);
    unlink(path);
    rmdir(folder);
    run = (struct study_run){.name = "test", .folder = "/dev/null"};
    assert_false(study_row(&run, "a,b"));
    assert_false(study_draw(&run, "plot x\n"));
}

/* A script that gnuplot refuses is a failed claim; without gnuplot, which PATH hides here, there is a message and no claim. */
static void pictures_that_fail_are_seen(void **state)
{
    char folder[] = "/tmp/study-XXXXXX", command[64];
    (void)state;
    assert_non_null(mkdtemp(folder));
    struct study_run run = {.name = "test", .folder = folder};
    if (system("command -v gnuplot >/dev/null") == 0) {
        assert_true(study_draw(&run, "plot nothing of this kind\n"));
        assert_int_equal(run.failed, 1);
    }
    char *path = strdup(getenv("PATH"));
    assert_int_equal(setenv("PATH", folder, 1), 0);
    run.failed = 0;
    assert_true(study_draw(&run, "plot x\n"));
    assert_true(run.failed == 0 && run.passed == 0);
    setenv("PATH", path, 1);
    free(path);
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(claims_are_counted),
        TEST(exponents_are_those_of_powers),
        TEST(tables_have_their_rows),
        TEST(pictures_that_fail_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
