/* The harness of studies: what fails is seen to fail. */
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
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

/* Exactly one claim decides; its text and whether it is true are kept. */
static void one_claim_decides(void **state)
{
    struct study_run run = {.name = "test"};
    (void)state;
    assert_false(run.decided);
    assert_false(study_decide_near(&run, "a figure", 2, 1, .5));
    assert_true(run.decided && !run.decision && run.failed == 1);
    assert_string_equal(run.deciding, "a figure: 2, expected 1 within 0.5");
    assert_false(study_decide(&run, true, "another"));
    assert_true(!run.decision && run.failed == 2 && run.passed == 0);
    run = (struct study_run){.name = "test"};
    assert_true(study_reduced(&run, true, "a weaker claim"));
    assert_true(run.decided && run.decision && run.reduced == 1 && run.passed == 0 && run.failed == 0);
    run = (struct study_run){.name = "test"};
    assert_false(study_reduced(&run, false, "a weaker claim that fails"));
    assert_true(run.decided && !run.decision && run.reduced == 0 && run.failed == 1);
}

static void spread_is_that_of_a_sample(void **state)
{
    const double x[] = {1, 2, 6};
    (void)state;
    assert_true(study_mean(x, 3) == 3 && fabs(study_deviation(x, 3) - sqrt(7)) < 1e-15 && study_deviation(x, 1) == 0);
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

static void read_and_remove(const char *folder, const char *name, const char *expected)
{
    char path[64], text[32] = "";
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fread(text, 1, sizeof text - 1, file), strlen(expected));
    assert_string_equal(text, expected);
    fclose(file);
    unlink(path);
}

static void tables_have_their_rows(void **state)
{
    char folder[] = "/tmp/study-XXXXXX";
    (void)state;
    assert_non_null(mkdtemp(folder));
    struct study_run run = {.name = "test", .folder = folder};
    assert_true(study_row(&run, "a,b") && study_row(&run, "%d,%g", 1, .5));
    assert_true(study_table(&run, "part", "c") && study_row(&run, "%d", 2));
    assert_int_equal(fclose(run.csv), 0);
    read_and_remove(folder, "part.csv", "c\n2\n");
    read_and_remove(folder, "test.csv", "a,b\n1,0.5\n");
    rmdir(folder);
    run = (struct study_run){.name = "test", .folder = "/dev/null"};
    assert_false(study_row(&run, "a,b"));
    assert_false(study_table(&run, "part", "c"));
    assert_false(study_draw(&run, "plot x\n"));
}

/* A script that gnuplot refuses is a failure; without gnuplot, which PATH hides here, there is a message and no failure. */
static void pictures_that_fail_are_seen(void **state)
{
    char folder[] = "/tmp/study-XXXXXX", command[64];
    (void)state;
    assert_non_null(mkdtemp(folder));
    struct study_run run = {.name = "test", .folder = folder};
    if (system("command -v gnuplot >/dev/null") == 0)
        assert_false(study_draw(&run, "plot nothing of this kind\n"));
    char *path = strdup(getenv("PATH"));
    assert_int_equal(setenv("PATH", folder, 1), 0);
    assert_true(study_draw(&run, "plot x\n"));
    setenv("PATH", path, 1);
    free(path);
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

/* Quotes, spaces and what gnuplot would run in the name of a folder are that name; a picture that the disk has no room for is a failure. */
static void any_folder_is_drawn_to(void **state)
{
    static const char *const names[] = {"a'b", "x'; system('touch ran'); y='", "< touch ran; cat ", "| cat", "-dash", "two words"};
    char folder[] = "/tmp/study-XXXXXX", here[1024], command[64];
    (void)state;
    if (system("command -v gnuplot >/dev/null") != 0)
        skip();
    assert_non_null(getcwd(here, sizeof here));
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct study_run run = {.name = "test", .folder = names[i]};
        assert_int_equal(mkdir(names[i], 0777), 0);
        assert_true(study_row(&run, "a,b") && study_row(&run, "1,2"));
        assert_true(study_draw(&run, "plot csv using 1:2, folder.'/test.csv' using 2:1\n"));
        assert_int_equal(fclose(run.csv), 0);
    }
    assert_int_not_equal(access("ran", F_OK), 0);
    struct study_run run = {.name = "test", .folder = "."};
    assert_false(study_draw(&run, "plot x\nset output 'elsewhere'\n!: > test.svg\n"));
    assert_int_equal(chdir(here), 0);
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(claims_are_counted),         TEST(one_claim_decides),
        TEST(spread_is_that_of_a_sample), TEST(exponents_are_those_of_powers),
        TEST(tables_have_their_rows),     TEST(pictures_that_fail_are_seen),
        TEST(any_folder_is_drawn_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
