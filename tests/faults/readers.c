/* Allocation failures in readers and in what writes their formats: each request of the engine, and each call of malloc, calloc,
   realloc, aligned_alloc, strdup and their relatives in the library. And how much they ask for. */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "readers_called.h"
#include "sweep.h"
#include "wrapped.h"

/* ---- the file at hand ---- */

struct input {
    const struct reader *reader;
    char path[300];
    unsigned char *bytes;
    size_t n;
};

static struct input load(const struct reader *reader)
{
    struct input input = {.reader = reader};
    struct stat about;
    snprintf(input.path, sizeof input.path, "%s%s", reader->file[0] == '/' ? "" : CORPUS "/", reader->file);
    FILE *stream = fopen(input.path, "rb");
    assert_true(stream && fstat(fileno(stream), &about) == 0);
    input.n = (size_t)about.st_size;
    input.bytes = malloc(input.n + 1);
    assert_int_equal(fread(input.bytes, 1, input.n, stream), input.n);
    fclose(stream);
    return input;
}

static bool run(const struct input *input)
{
    return input->reader->read(input->bytes, input->n, input->path);
}

static void begin_to_count(int64_t fail_at, bool persistent)
{
    wg_memory_trim();
    heap.calls = heap.blocks = heap.live = heap.peak = 0;
    heap.fail_at = fail_at;
    heap.persistent = persistent;
    heap.counts = true;
}

/* ---- malloc fails ---- */

/* Blocks that are left, not bytes: the engine keeps the last handles that were freed, and their sizes vary. Below 0 where it gave
   back what it had kept. */
static int64_t left_after_failure(const struct input *input, int64_t k, bool persistent, int64_t *calls)
{
    const struct reader *reader = input->reader;
    const char *more = persistent ? " and all after it" : "";
    begin_to_count(k, persistent);
    const bool good = run(input);
    *calls = heap.calls;
    heap.fail_at = -1;
    const wg_error *error = wg_error_first();
    if (heap.calls <= k ? !good
                        : good && persistent) /* one failure alone makes the engine give back what it keeps, and ask again */
        fail_msg("%s, allocation %lld%s: %s", reader->name, (long long)k, more, error ? error->message : "no error");
    if (!good && (!error || error->code != WG_E_MEMORY || !is_named(error)))
        fail_msg("%s, allocation %lld%s: %s", reader->name, (long long)k, more, error ? error->message : "no error");
    if (!good && (one || two || npz || model || classes))
        fail_msg("%s, allocation %lld%s: something was made", reader->name, (long long)k, more);
    (void)wg_error_take(NULL);
    forget();
    wg_memory_trim();
    heap.counts = false;
    return heap.blocks;
}

static void try_failure(const struct input *input, int64_t k, bool persistent, int64_t *calls)
{
    int64_t left = 1;
    for (int i = 0; i < 5 && left > 0; i++) /* what a thread keeps may have grown; a leak is there each time */
        left = left_after_failure(input, k, persistent, calls);
    if (left > 0)
        fail_msg("%s, allocation %lld%s: %lld blocks are left", input->reader->name, (long long)k,
                 persistent ? " and all after it" : "", (long long)left);
    if (!run(input)) /* once more, without a failure */
        fail_msg("%s, allocation %lld: the retry failed: %s", input->reader->name, (long long)k, wg_error_first()->message);
    forget();
}

static void each_malloc_may_fail(void **state)
{
    (void)state;
    wg_tensor *rows = numbers(WG_F32, WG_SHAPE(3, 4), 1);
    operand[0] = wg_transpose(rows, 0, 1), operand[1] = numbers(WG_F64, WG_SHAPE(2), 1);
    for (int i = 0; i < N_READERS; i++) {
        struct input input = load(&readers[i]);
        assert_true(run(&input)); /* what a thread keeps is made now */
        forget();
        for (int persistent = 0; persistent < 2; persistent++) {
            int64_t k = -1;
            for (int64_t calls = 0; calls > k;) /* until none failed */
                try_failure(&input, ++k, persistent, &calls);
            if (k < readers[i].min_calls)
                fail_msg("%s: %lld calls of the allocator", readers[i].name, (long long)k);
        }
        free(input.bytes);
    }
    wg_free(operand[0]), wg_free(operand[1]), wg_free(rows);
}

/* ---- the engine's requests fail ---- */

static struct input at_hand;

static void *prepare(void)
{
    forget();
    return &at_hand;
}

static bool act(void *state)
{
    forget();
    return run(state);
}

static size_t save(void *state, char *bytes, size_t size)
{
    (void)state, (void)bytes, (void)size;
    return 0;
}

static void finish(void *state)
{
    (void)state;
    forget();
}

static void each_request_of_the_engine_may_fail(void **state)
{
    (void)state;
    for (int i = 0; i < N_READERS; i++) {
        if (readers[i].read == write_npy || readers[i].read == write_npz)
            continue; /* they ask the engine for nothing */
        at_hand = load(&readers[i]);
        const struct scenario scenario = {readers[i].name, prepare, act, save, finish};
        assert_true(sweep(&scenario) >= 2);
        free(at_hand.bytes);
    }
}

/* ---- reading fails ---- */

static void interruptions_and_pieces_change_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < N_READERS; i++) {
        if (readers[i].read == write_npy || readers[i].read == write_npz)
            continue; /* they read nothing */
        struct input input = load(&readers[i]);
        for (mode = INTERRUPTED; mode <= FAILS; mode++) {
            reads = 0;
            const bool good = run(&input), by_path = reads > 0;
            if (good != (mode != FAILS || !by_path))
                fail_msg("%s, %d: %s", readers[i].name, (int)mode, wg_error_first() ? wg_error_first()->message : "no error");
            forget();
            if (!good)
                expect_error(WG_E_IO, ": Input/output error");
            else if (by_path && readers[i].read != read_folder)
                assert_true(reads > (int)(input.n / 7));
        }
        mode = READS;
        free(input.bytes);
    }
}

/* Each write fails in turn, and what was there before is there. */
static void writes_that_fail_leave_the_old_file(void **state)
{
    (void)state;
    char path[2][200];
    path_of("written.npy", path[0]), path_of("written.npz", path[1]);
    operand[0] = numbers(WG_F32, WG_SHAPE(3, 4), 1), operand[1] = numbers(WG_F64, WG_SHAPE(2), 1);
    wg_tensor *old = operand[0];
    assert_true(write_npy(NULL, 0, NULL) && write_npz(NULL, 0, NULL));
    operand[0] = numbers(WG_F32, WG_SHAPE(3, 4), 2);
    for (int kind = 0; kind < 2; kind++)
        for (fail_write = 0;; fail_write++) {
            writes = 0;
            const bool good = kind ? write_npz(NULL, 0, NULL) : write_npy(NULL, 0, NULL);
            npz = kind ? wg_dataset_read_npz(path[1]) : NULL;
            one = kind ? NULL : wg_dataset_read_npy(path[0]);
            const wg_tensor *there = kind ? wg_dataset_npz_tensor(npz, "a") : one, *expected = good ? operand[0] : old;
            assert_memory_equal(wg_data(there), wg_data(expected), 12 * sizeof(float));
            forget();
            if (good) {
                assert_true(fail_write >= (kind ? 13 : 2)); /* nothing was left to fail */
                break;
            }
            expect_error(WG_E_IO, ": writing: No space left on device");
        }
    fail_write = -1;
    wg_free(old), wg_free(operand[0]), wg_free(operand[1]);
}

/* ---- how much is asked for ---- */

static int64_t tensor_bytes(void)
{
    int64_t bytes = 0;
    const wg_tensor_list lists[] = {{1, &one, NULL},
                                    {1, &two, NULL},
                                    npz ? wg_dataset_npz_tensors(npz) : (wg_tensor_list){0, NULL, NULL},
                                    model ? wg_file_tensors(model) : (wg_tensor_list){0, NULL, NULL}};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (size_t k = 0; k < lists[i].n; k++)
            if (lists[i].tensor[k])
                bytes += wg_numel(lists[i].tensor[k]) * (int64_t)wg_dtype_size(wg_dtype_of(lists[i].tensor[k])) + 1024;
    return bytes;
}

/* All files of a corpus, with one reader: tensors, at most four times the file for its header, and what zlib and libpng take. */
static int check_corpus(const struct reader *reader, const char *corpus)
{
    char path[300], name[300];
    int files = 0;
    snprintf(path, sizeof path, CORPUS "/%s", corpus);
    DIR *directory = opendir(path);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%.100s", corpus, entry->d_name);
        struct reader here = *reader;
        here.file = name;
        struct input input = load(&here);
        begin_to_count(-1, false);
        (void)run(&input);
        heap.counts = false;
        const int64_t limit = 8 * tensor_bytes() / 7 + 4 * (int64_t)input.n + (128 << 10);
        if (heap.peak > limit)
            fail_msg("%s: %lld bytes where %lld are allowed", name, (long long)heap.peak, (long long)limit);
        forget();
        (void)wg_error_take(NULL);
        free(input.bytes);
        files++;
    }
    closedir(directory);
    return files;
}

static void good_and_bad_files_take_little_memory(void **state)
{
    (void)state;
    static const struct {
        struct reader reader;
        const char *corpus;
    } checks[] = {
        {{"parse_idx", "", parse_idx, 0}, "idx"},   {{"parse_npy", "", parse_npy, 0}, "npy"},
        {{"parse_npz", "", parse_npz, 0}, "npz"},   {{"parse_cifar", "", parse_cifar, 0}, "cifar"},
        {{"parse_csv", "", parse_csv, 0}, "csv"},   {{"parse_png", "", parse_png, 0}, "png"},
        {{"read_idx", "", read_idx, 0}, "idx"},     {{"parse_model", "", parse_model, 0}, "safetensors"},
        {{"read_mnist", "", read_mnist, 0}, "idx"},
    };
    int files = 0;
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        files += check_corpus(&checks[i].reader, checks[i].corpus);
    assert_true(files > 90);
}

/* ---- */

static int make_folder(void **state)
{
    (void)state;
    char path[200], link[300];
    if (!mkdtemp(folder) || mkdir(path_of("class", path), 0777) != 0)
        return -1;
    snprintf(link, sizeof link, "%s/1.png", path);
    return symlink(CORPUS "/png/palette", link);
}

static int remove_folder(void **state)
{
    (void)state;
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

int main(void)
{
    if (wg_warmup(1) != WG_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(each_malloc_may_fail),
        TEST(each_request_of_the_engine_may_fail),
        TEST(interruptions_and_pieces_change_nothing),
        TEST(writes_that_fail_leave_the_old_file),
        TEST(good_and_bad_files_take_little_memory),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
