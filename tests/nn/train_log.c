/* Logs: rows that read back, resumed files without doubled rows, full disks, locales. `train_log --write FOLDER` writes what train_log.py
   reads. */
#include <dirent.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nn_check.h"

/* ---- system calls that fail ---- */

ssize_t __real_write(int descriptor, const void *bytes, size_t n);
ssize_t __wrap_write(int descriptor, const void *bytes, size_t n);
int __real_fdatasync(int descriptor);
int __wrap_fdatasync(int descriptor);

/* After so many calls of write one fails with this code; a code of 0 writes a single byte. sync: fdatasync's. */
static struct {
    int after, code, sync;
    bool armed;
} fault;

ssize_t __wrap_write(int descriptor, const void *bytes, size_t n)
{
    if (!fault.armed || fault.after-- > 0)
        return __real_write(descriptor, bytes, n);
    fault.armed = fault.code == 0; /* all later ones are short, too */
    fault.after = 0;
    errno = fault.code;
    return fault.code == 0 ? __real_write(descriptor, bytes, 1) : -1;
}

int __wrap_fdatasync(int descriptor)
{
    errno = fault.sync;
    return fault.sync ? -1 : __real_fdatasync(descriptor);
}

static char folder[] = "/tmp/wengert-log-XXXXXX", csv_path[400];

static const char *in_folder(const char *name)
{
    snprintf(csv_path, sizeof csv_path, "%s/%s", folder, name);
    return csv_path;
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void assert_text(const char *path, const char *wanted)
{
    char text[2000];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    assert_string_equal(text, wanted);
}

/* Rows of the epochs from `first` to `last`, with two values. */
static wg_status write_rows(wg_train_log *log, int64_t first, int64_t last)
{
    for (int64_t epoch = first; epoch <= last; epoch++) {
        const wg_train_value value[] = {{"loss", 1 / (double)epoch}, {"accuracy", 0.1 * (double)epoch}};
        WG_TRY(wg_train_log_write(log, epoch, value, 2));
    }
    return WG_OK;
}

static void rows_are_lines_and_numbers_are_short(void **state)
{
    (void)state;
    const char *path = in_folder("plain.csv");
    wg_train_log *log = wg_train_log_csv(path);
    assert_non_null(log);
    assert_int_equal(write_rows(log, 1, 3), WG_OK);
    assert_text(path, "epoch,loss,accuracy\n1,1,0.1\n2,0.5,0.2\n3,0.3333333333333333,0.30000000000000004\n");
    wg_train_log_destroy(log);
    log = wg_train_log_csv(path); /* anew */
    assert_int_equal(wg_train_log_write(log, 7, (const wg_train_value[]){{"x", -INFINITY}, {"y", NAN}, {"z", -0.0}}, 3), WG_OK);
    assert_int_equal(wg_train_log_write(log, 9, (const wg_train_value[]){{"x", 1e300}, {"y", 5e-324}, {"z", 123456789012}}, 3),
                     WG_OK);
    wg_train_log_destroy(log);
    assert_text(path, "epoch,x,y,z\n7,-inf,nan,-0.0\n9,1e+300,5e-324,123456789012\n");
    wg_tensor *x = NULL;
    assert_int_equal(wg_dataset_read_csv(path, &x, NULL, .dtype = WG_F64, .skip_lines = 1, .nonfinite = true), WG_OK);
    const double *row = wg_data(x);
    assert_true(row[1] == -INFINITY && isnan(row[2]) && row[3] == 0 && signbit(row[3]) && row[6] == 5e-324);
    wg_free(x);
    assert_no_error();
}

static void the_locale_does_not_matter(void **state)
{
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "ps_AF.UTF-8"};
    for (size_t i = 0; i < sizeof names / sizeof *names && !setlocale(LC_ALL, names[i]); i++)
        continue;
    const char *path = in_folder("locale.csv");
    wg_train_log *log = wg_train_log_csv(path);
    assert_int_equal(write_rows(log, 4, 4), WG_OK);
    wg_train_log_destroy(log);
    setlocale(LC_ALL, "C");
    assert_text(path, "epoch,loss,accuracy\n4,0.25,0.4\n");
}

/* What is there, the first epoch that is written on, what is there then. */
static const struct resumed {
    const char *before;
    int64_t epoch;
    const char *after;
} resumed[] = {
    {"epoch,loss,accuracy\n1,1,1\n2,2,2\n", 3, "epoch,loss,accuracy\n1,1,1\n2,2,2\n3,0.3333333333333333,0.30000000000000004\n"},
    {"epoch,loss,accuracy\n1,1,1\n2,2,2\n3,3,3\n", 2, "epoch,loss,accuracy\n1,1,1\n2,0.5,0.2\n"},
    {"epoch,loss,accuracy\n1,1,1\n2,2", 2, "epoch,loss,accuracy\n1,1,1\n2,0.5,0.2\n"}, /* torn */
    {"epoch,loss,accuracy\n1,1,1\n2,2", 4, "epoch,loss,accuracy\n1,1,1\n4,0.25,0.4\n"},
    {"epoch,loss,accuracy\n1,1,1\n2\n", 2, "epoch,loss,accuracy\n1,1,1\n2,0.5,0.2\n"}, /* other columns, in a row that goes */
    {"epoch,loss,accuracy\n7,1,1\n", 2, "epoch,loss,accuracy\n2,0.5,0.2\n"},
    {"epoch,loss,accuracy\n", 1, "epoch,loss,accuracy\n1,1,0.1\n"},
    {"epoch,los", 1, "epoch,loss,accuracy\n1,1,0.1\n"},
    {"", 1, "epoch,loss,accuracy\n1,1,0.1\n"},
    {NULL, 1, "epoch,loss,accuracy\n1,1,0.1\n"},
};

static void resumed_files_have_no_row_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof resumed / sizeof *resumed; i++) {
        const char *path = in_folder("resumed.csv");
        unlink(path);
        if (resumed[i].before)
            write_text(path, resumed[i].before);
        wg_train_log *log = wg_train_log_csv(path, .resume = true);
        assert_non_null(log);
        if (resumed[i].before)
            assert_text(path, resumed[i].before); /* until there is a row */
        assert_int_equal(write_rows(log, resumed[i].epoch, resumed[i].epoch), WG_OK);
        wg_train_log_destroy(log);
        assert_text(path, resumed[i].after);
    }
    assert_no_error();
}

static void files_of_others_are_left_alone(void **state)
{
    (void)state;
    static const char *const files[][2] = {
        {"epoch,loss\n1,1\n", "expected the columns epoch,loss,accuracy to resume, got epoch,loss"},
        {"{\"epoch\": 1}", "expected the columns epoch,loss,accuracy to resume, got {\"epoch\": 1}"},
        {"name,loss,accuracy\n1,1\n", "expected the columns epoch,loss,accuracy to resume, got name,loss"},
        {"epoch,loss,accuracy\nx,1,1\n", "line 2: expected an epoch to resume behind, got \"x,1,1"},
        {"epoch,loss,accuracy\n1,1,1\n99999999999999999999,1,1\n", "line 3: expected an epoch"},
        {"epoch,loss,accuracy\n1 1\n", "line 2: expected an epoch"},
        {"epoch,loss,accuracy\n1,1\n", "line 2: expected 3 columns to resume behind, got 2"},
        {"epoch,loss,accuracy\n0,1,1\n1,1,1,1\n", "line 3: expected 3 columns to resume behind, got 4"},
        {"epoch,loss,accuracy\n1\n", "line 2: expected 3 columns to resume behind, got 1"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *path = in_folder("other.csv");
        write_text(path, files[i][0]);
        wg_train_log *log = wg_train_log_csv(path, .resume = true);
        assert_int_equal(write_rows(log, 2, 2), WG_E_IO);
        assert_error(WG_E_IO, files[i][1]);
        wg_train_log_destroy(log);
        assert_text(path, files[i][0]);
    }
}

static void what_is_no_row_changes_nothing(void **state)
{
    (void)state;
    const char *path = in_folder("rows.csv"), *whole = "epoch,loss,accuracy\n1,1,0.1\n2,0.5,0.2\n";
    wg_train_log *log = wg_train_log_csv(path);
    assert_int_equal(write_rows(log, 1, 2), WG_OK);
    const wg_train_value good[] = {{"loss", 1}, {"accuracy", 1}}, other[] = {{"loss", 1}, {"error", 1}};
    assert_int_equal(wg_train_log_write(log, 2, good, 2), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "train_log_write: expected an epoch behind 2, got 2");
    assert_int_equal(wg_train_log_write(log, 3, good, 1), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "expected the names of the first row, epoch,loss,accuracy, got epoch,loss");
    assert_int_equal(wg_train_log_write(log, 3, other, 2), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "got epoch,loss,error");
    assert_text(path, whole);
    assert_int_equal(write_rows(log, 3, 3), WG_OK);
    assert_int_equal(wg_train_log_write(log, INT64_MAX, good, 2), WG_OK); /* nothing is behind it */
    assert_int_equal(wg_train_log_write(log, INT64_MAX, good, 2), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "expected an epoch behind 9223372036854775807, got 9223372036854775807");
    wg_train_log_destroy(log);
}

/* A limit on the size of files is a disk that is full. */
static void a_full_disk_leaves_whole_rows(void **state)
{
    (void)state;
    const char *path = in_folder("full.csv"), *whole = "epoch,loss,accuracy\n1,1,0.1\n2,0.5,0.2\n";
    wg_train_log *log = wg_train_log_csv(path);
    assert_int_equal(write_rows(log, 1, 2), WG_OK);
    struct rlimit limit, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = strlen(whole) + 5;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    const wg_status status = write_rows(log, 3, 3);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(status, WG_E_IO);
    assert_error(WG_E_IO, "full.csv: writing: File too large");
    assert_text(path, whole);
    assert_int_equal(write_rows(log, 3, 3), WG_OK); /* there is space again */
    wg_train_log_destroy(log);
    assert_text(path, "epoch,loss,accuracy\n1,1,0.1\n2,0.5,0.2\n3,0.3333333333333333,0.30000000000000004\n");
}

static void every_fault_of_a_call_leaves_whole_rows(void **state)
{
    (void)state;
    static const int codes[] = {0, EINTR, ENOSPC, EIO, EDQUOT};
    const char *path = in_folder("faults.csv"), *two = "epoch,loss,accuracy\n1,1,0.1\n2,0.5,0.2\n";
    const char *three = "epoch,loss,accuracy\n1,1,0.1\n2,0.5,0.2\n3,0.3333333333333333,0.30000000000000004\n";
    for (int i = 0; i < 6; i++) {
        const int code = i < 5 ? codes[i] : EIO;
        const bool survives = code == 0 || code == EINTR;
        wg_train_log *log = wg_train_log_csv(path);
        assert_int_equal(write_rows(log, 1, 2), WG_OK);
        fault.armed = i < 5, fault.after = 0, fault.code = code, fault.sync = i < 5 ? 0 : code;
        const wg_status status = write_rows(log, 3, 3);
        fault.armed = false, fault.sync = 0;
        assert_int_equal(status, survives ? WG_OK : WG_E_IO);
        if (!survives)
            assert_error(WG_E_IO, i < 5 ? "faults.csv: writing: " : "faults.csv: bringing it to the disk: ");
        assert_text(path, survives ? three : two);
        if (!survives)
            assert_int_equal(write_rows(log, 3, 3), WG_OK);
        wg_train_log_destroy(log);
        assert_text(path, three);
    }
    assert_no_error();
}

static void folders_and_paths_that_cannot_be_are_named(void **state)
{
    (void)state;
    assert_null(wg_train_log_csv("/nosuch/log.csv"));
    assert_error(WG_E_IO, "train_log_csv: /nosuch/log.csv: opening: No such file or directory");
    assert_null(wg_train_log_csv(folder));
    assert_error(WG_E_IO, "opening: Is a directory");
    wg_train_log *log = wg_train_log_csv("/dev/null", .resume = true);
    assert_int_equal(write_rows(log, 1, 1), WG_E_IO);
    assert_error(WG_E_IO, "/dev/null: expected a regular file");
    wg_train_log_destroy(log);
    log = wg_train_log_csv("/dev/null");
    assert_int_equal(write_rows(log, 1, 2), WG_OK);
    wg_train_log_destroy(log);
    if (!wg_train_log_tensorboard("/nosuch/events")) {
        wg_error error;
        const wg_status status = wg_error_take(&error);
        assert_true(status == WG_E_STATE ? strstr(error.message, "apt") || strstr(error.message, "libprotobuf-c-dev")
                                         : status == WG_E_IO && strstr(error.message, "/nosuch/events"));
    }
}

/* ---- what train_log.py reads: a run of four epochs that is resumed behind the third ---- */

static wg_status write_run(wg_train_log *log, int64_t first, int64_t last)
{
    for (int64_t epoch = first; epoch <= last; epoch++) {
        const double e = (double)epoch;
        const wg_train_value value[] = {{"loss", 1 / e},
                                        {"tiny", -e * 1e-300},
                                        {"sum", 0.1 + 0.2 * e},
                                        {"odd/one", epoch == 2   ? INFINITY
                                                    : epoch == 3 ? NAN
                                                                 : 1e22}};
        WG_TRY(wg_train_log_write(log, epoch, value, 4));
    }
    return WG_OK;
}

static int write_for_reader(const char *to)
{
    char csv[200], events[200];
    snprintf(csv, sizeof csv, "%s/log.csv", to);
    snprintf(events, sizeof events, "%s/events", to);
    for (int run = 0; run < 2; run++) {
        wg_train_log *log[2] = {wg_train_log_csv(csv, .resume = run > 0), wg_train_log_tensorboard(events)};
        for (int i = 0; i < 2; i++) {
            if (!log[i] || write_run(log[i], run ? 4 : 1, run ? 6 : 4) != WG_OK)
                return wg_error_report(stderr);
            wg_train_log_destroy(log[i]);
        }
    }
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    DIR *all = opendir(folder);
    for (struct dirent *entry = all ? readdir(all) : NULL; entry; entry = readdir(all))
        if (entry->d_name[0] != '.')
            unlink(in_folder(entry->d_name));
    closedir(all);
    return rmdir(folder);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--write") == 0)
        return write_for_reader(argv[2]);
    const struct CMUnitTest tests[] = {
        TEST(rows_are_lines_and_numbers_are_short),    TEST(the_locale_does_not_matter),
        TEST(resumed_files_have_no_row_twice),         TEST(files_of_others_are_left_alone),
        TEST(what_is_no_row_changes_nothing),          TEST(a_full_disk_leaves_whole_rows),
        TEST(every_fault_of_a_call_leaves_whole_rows), TEST(folders_and_paths_that_cannot_be_are_named),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
