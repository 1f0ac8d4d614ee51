/* Faults of the system while files are written and read: each call in turn fails, alone or with all that follow, for each reason. What
   was there is whole afterwards, nothing is left beside it, and nothing has changed in the program. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nn_check.h"

/* ---- the system, which fails when it is told to; the program is linked with --wrap for each of these ---- */

enum kind { FAIL_ONCE, FAIL_FROM_THEN_ON, SHORTEN };
static struct {
    bool armed;
    enum kind kind;
    int at, code;             /* the call that fails */
    atomic_int calls;         /* how many there were: a large file is read by several threads */
    const char *_Atomic name; /* of the call that failed first */
    int syncs_after;          /* fsyncs of a file behind its failed fsync */
} fault;

static bool is_due(const char *name)
{
    if (!fault.armed)
        return false;
    const int call = atomic_fetch_add(&fault.calls, 1);
    const bool due = call == fault.at || (fault.kind == FAIL_FROM_THEN_ON && call > fault.at);
    if (due && !fault.name)
        fault.name = name;
    return due;
}

static bool fails(const char *name)
{
    if (!is_due(name) || fault.kind == SHORTEN)
        return false;
    errno = fault.code;
    return true;
}

/* How many of n bytes go through in this call; -1: it fails. */
static ssize_t allowed(const char *name, size_t n)
{
    if (!is_due(name))
        return (ssize_t)n;
    errno = fault.code;
    return fault.kind == SHORTEN ? (ssize_t)(n + 1) / 2 : -1;
}

#define WRAPPED(result, name, parameters, arguments)        \
    result __real_##name parameters;                        \
    result __wrap_##name parameters;                        \
    result __wrap_##name parameters                         \
    {                                                       \
        return fails(#name) ? -1 : __real_##name arguments; \
    }
WRAPPED(int, open64, (const char *path, int flags, mode_t mode), (path, flags, mode))
WRAPPED(int, openat64, (int folder, const char *path, int flags, mode_t mode), (folder, path, flags, mode))
WRAPPED(int, fstat64, (int descriptor, struct stat64 *about), (descriptor, about))
WRAPPED(int, fstatat64, (int folder, const char *path, struct stat64 *about, int flags), (folder, path, about, flags))
WRAPPED(int, fchmod, (int descriptor, mode_t mode), (descriptor, mode))
WRAPPED(int, fallocate64, (int descriptor, int mode, off64_t at, off64_t n), (descriptor, mode, at, n))
WRAPPED(int, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to))
WRAPPED(int, linkat, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags))
WRAPPED(int, unlinkat, (int folder, const char *path, int flags), (folder, path, flags))
WRAPPED(ssize_t, getrandom, (void *to, size_t n, unsigned flags), (to, n, flags))

int __real_fsync(int descriptor);
int __wrap_fsync(int descriptor);
int __wrap_fsync(int descriptor)
{
    fault.syncs_after += fault.name && strcmp(fault.name, "fsync") == 0;
    return fails("fsync") ? -1 : __real_fsync(descriptor);
}

/* The descriptor is closed also where close reports an error. */
int __real_close(int descriptor);
int __wrap_close(int descriptor);
int __wrap_close(int descriptor)
{
    const int result = __real_close(descriptor);
    return fails("close") ? -1 : result;
}

ssize_t __real_write(int descriptor, const void *bytes, size_t n);
ssize_t __wrap_write(int descriptor, const void *bytes, size_t n);
ssize_t __wrap_write(int descriptor, const void *bytes, size_t n)
{
    const ssize_t some = allowed("write", n);
    return some < 0 ? -1 : __real_write(descriptor, bytes, (size_t)some);
}

ssize_t __real_pread64(int descriptor, void *bytes, size_t n, off64_t at);
ssize_t __wrap_pread64(int descriptor, void *bytes, size_t n, off64_t at);
ssize_t __wrap_pread64(int descriptor, void *bytes, size_t n, off64_t at)
{
    const ssize_t some = allowed("pread64", n);
    return some < 0 ? -1 : __real_pread64(descriptor, bytes, (size_t)some, at);
}

/* ---- a folder with a checkpoint and the one before it ---- */

enum { OLDER = 1, OLD = 2, NEW = 3, VALUES = 40 };
static char folder[] = "/tmp/wengert-faults-XXXXXX", path[100], previous[100];
static wg_tensor *t;
static wg_run *run;
static int64_t count;

static void set(int value)
{
    for (int i = 0; i < VALUES; i++)
        ((float *)wg_data_mut(t))[i] = (float)value;
    count = value;
}

/* The value that all of the run has; -1: several. */
static int64_t value(void)
{
    const float *data = wg_data(t);
    for (int i = 0; i < VALUES; i++)
        if (data[i] != (float)count)
            return -1;
    return count;
}

static int64_t value_in(bool in_previous)
{
    set(0);
    assert_int_equal(wg_run_load(run, path, .previous = in_previous), WG_OK);
    return value();
}

static int entries_of(const char *directory)
{
    DIR *stream = opendir(directory);
    int n = -2; /* "." and ".." */
    assert_non_null(stream);
    while (readdir(stream))
        n++;
    closedir(stream);
    return n;
}

/* Removes what a process that could not even remove a file left. */
static void sweep_folder(void)
{
    DIR *stream = opendir(folder);
    assert_non_null(stream);
    for (struct dirent *entry; (entry = readdir(stream));)
        if (strncmp(entry->d_name, ".a.", 3) == 0)
            assert_int_equal(__real_unlinkat(dirfd(stream), entry->d_name, 0), 0);
    closedir(stream);
}

static void two_saves(void)
{
    for (int value = OLDER; value <= OLD; value++) {
        set(value);
        assert_int_equal(wg_run_save(run, path), WG_OK);
    }
}

static void arm(enum kind kind, int at, int code)
{
    memset(&fault, 0, sizeof fault);
    fault.kind = kind, fault.at = at, fault.code = code;
    fault.armed = true;
}

static bool goes_on(int code)
{
    return code == EINTR && fault.name &&
           (strcmp(fault.name, "write") == 0 || strcmp(fault.name, "pread64") == 0 || strcmp(fault.name, "fallocate64") == 0);
}

/* ---- saving ---- */

static void check_save(wg_status status, enum kind kind, int code)
{
    wg_error error;
    const wg_status recorded = wg_error_take(&error);
    assert_int_equal(recorded, status);
    if (kind == SHORTEN || (kind == FAIL_ONCE && goes_on(code)))
        assert_int_equal(status, WG_OK);
    if (fault.name && strcmp(fault.name, "fsync") == 0 && status == WG_E_IO && kind == FAIL_ONCE)
        assert_int_equal(fault.syncs_after, 0); /* a failed fsync is not tried again */
    assert_true(status == WG_OK || status == WG_E_IO || status == WG_E_DURABILITY);
    assert_int_equal(value_in(false), status == WG_E_IO ? OLD : NEW);
    const int64_t before = value_in(true);
    assert_true(before == OLD || (before == OLDER && status == WG_E_IO));
    const int left = entries_of(folder);
    if (kind == FAIL_FROM_THEN_ON || (fault.name && strcmp(fault.name, "unlinkat") == 0))
        sweep_folder();
    else
        assert_int_equal(left, 2);
}

static const int codes[] = {EINTR, ENOSPC, EIO, EMFILE, EXDEV, EACCES, EROFS, EDQUOT};

/* Returns how many calls were failed. */
static int fail_saves(enum kind kind, int code)
{
    for (int at = 0;; at++) {
        two_saves();
        set(NEW);
        const int open_before = entries_of("/proc/self/fd");
        arm(kind, at, code);
        const wg_status status = wg_run_save(run, path);
        fault.armed = false;
        if (!fault.name) {
            assert_int_equal(status, WG_OK);
            return at;
        }
        assert_int_equal(entries_of("/proc/self/fd"), open_before);
        check_save(status, kind, code);
        set(NEW);
        assert_int_equal(wg_run_save(run, path), WG_OK); /* the next one goes well */
        assert_int_equal(value_in(false), NEW);
    }
}

static void each_call_of_a_save_fails(void **state)
{
    (void)state;
    int failed = 0;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        const int once = fail_saves(FAIL_ONCE, codes[i]);
        assert_true(once >= 12);
        failed += once;
        if (codes[i] != EINTR) /* a call that is interrupted for ever is tried for ever */
            failed += fail_saves(FAIL_FROM_THEN_ON, codes[i]);
    }
    failed += fail_saves(SHORTEN, 0);
    print_message("%d calls failed\n", failed);
    assert_no_error();
}

/* ---- loading ---- */

static int fail_loads(enum kind kind, int code)
{
    for (int at = 0;; at++) {
        set(NEW);
        const int open_before = entries_of("/proc/self/fd");
        arm(kind, at, code);
        const wg_status status = wg_run_load(run, path);
        fault.armed = false;
        assert_int_equal(entries_of("/proc/self/fd"), open_before);
        if (!fault.name) {
            assert_int_equal(status, WG_OK);
            return at;
        }
        const bool no_matter = kind == SHORTEN || goes_on(code) || strcmp(fault.name, "close") == 0;
        assert_int_equal(status, no_matter ? WG_OK : WG_E_IO);
        assert_int_equal(value(), no_matter ? OLD : NEW);
        (void)wg_error_take(NULL);
    }
}

static void each_call_of_a_load_fails(void **state)
{
    (void)state;
    two_saves();
    int failed = 0;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        failed += fail_loads(FAIL_ONCE, codes[i]);
    for (size_t i = 1; i < sizeof codes / sizeof *codes; i++)
        failed += fail_loads(FAIL_FROM_THEN_ON, codes[i]);
    failed += fail_loads(SHORTEN, 0);
    assert_true(failed > 60);
    assert_no_error();
}

/* A model that several threads read: none of its tensors changes, whichever read fails. */
static void each_read_of_a_large_model_fails(void **state)
{
    enum { TENSORS = 3, ELEMENTS = 3 << 20 }; /* of 12 MiB each */
    wg_tensor *tensor[TENSORS];
    const char *const name[TENSORS] = {"a", "b", "c"};
    char large[120];
    int failed = 0;
    (void)state;
    snprintf(large, sizeof large, "%s.large", folder);
    for (int i = 0; i < TENSORS; i++)
        assert_non_null(tensor[i] = wg_full(WG_F32, WG_SHAPE(ELEMENTS), i + 1));
    const wg_tensor_list model = {TENSORS, tensor, name};
    assert_int_equal(wg_save(large, model), WG_OK);
    for (bool more = true; more; failed++) {
        for (int i = 0; i < TENSORS; i++)
            memset(wg_data_mut(tensor[i]), 0, ELEMENTS * sizeof(float));
        arm(failed % 2 ? FAIL_ONCE : FAIL_FROM_THEN_ON, failed, EIO);
        const wg_status status = wg_load(large, model);
        fault.armed = false;
        more = fault.name != NULL;
        const bool loaded = !more || strcmp(fault.name, "close") == 0;
        assert_int_equal(status, loaded ? WG_OK : WG_E_IO);
        assert_int_equal(wg_error_take(NULL), status);
        for (int i = 0; i < TENSORS; i++)
            for (int j = 0; j < ELEMENTS; j++)
                if (((const float *)wg_data(tensor[i]))[j] != (loaded ? (float)(i + 1) : 0))
                    fail_msg("call %d: element %d of tensor %d is %g", failed, j, i,
                             (double)((const float *)wg_data(tensor[i]))[j]);
    }
    assert_true(failed >= 20); /* of them 18 read 2 MiB each */
    unlink(large);
    for (int i = 0; i < TENSORS; i++)
        wg_free(tensor[i]);
}

/* The control: a file that is written in place does not survive. */
static void a_save_in_place_would_be_seen(void **state)
{
    (void)state;
    two_saves();
    FILE *file = fopen(path, "wb");
    assert_true(file && fwrite("\1", 1, 1, file) == 1 && fclose(file) == 0);
    set(NEW);
    assert_int_equal(wg_run_load(run, path), WG_E_IO);
    (void)wg_error_take(NULL);
    assert_int_equal(value_in(true), OLDER);
    assert_int_equal(wg_run_save(run, path), WG_OK);
    assert_no_error();
}

static int make_run(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/a", folder), snprintf(previous, sizeof previous, "%s/a.prev", folder);
    t = wg_zeros(WG_F32, WG_SHAPE(VALUES));
    run = wg_run_create();
    const bool whole = wg_run_add_tensor(run, "t", t) == WG_OK && wg_run_add_count(run, "count", &count) == WG_OK;
    return whole ? 0 : -1;
}

static int end_run(void **state)
{
    (void)state;
    wg_run_destroy(run);
    wg_free(t);
    return unlink(path) != 0 || unlink(previous) != 0 || rmdir(folder) != 0 ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_call_of_a_save_fails),
        TEST(each_call_of_a_load_fails),
        TEST(each_read_of_a_large_model_fails),
        TEST(a_save_in_place_would_be_seen),
    };
    return cmocka_run_group_tests(tests, make_run, end_run);
}
