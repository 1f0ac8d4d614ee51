/* What the fuzzers of readers share: each defines reads_bytes, and here is how it is called. Invariants, beside the sanitizers':
   what is refused gives nothing and an error whose message begins with the function's name; what is read is the same when it is
   read again, also when an allocation failed between; no more memory is asked for than four times the file, its tensors, and what
   zlib and libpng take. */
#ifndef FUZZ_READERS_TARGET_H
#define FUZZ_READERS_TARGET_H

#include <sanitizer/allocator_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <wengert.h>

enum { SLACK = 192 << 10 };

#ifndef TENSOR_FACTOR
#define TENSOR_FACTOR 5 / 4 /* of the bytes in tensors; the engine's blocks are up to 12.5 % larger */
#endif

#define CHECK(condition, what)                                                                            \
    do {                                                                                                  \
        if (!(condition)) {                                                                               \
            const wg_error *first_ = wg_error_first();                                                    \
            fprintf(stderr, "broken: %s: %s\n", what, first_ ? first_->message : "no error is recorded"); \
            abort();                                                                                      \
        }                                                                                                 \
    } while (0)

/* ---- memory ---- */

static struct {
    bool counts;
    int64_t live, peak;
} heap;

static void allocated(const volatile void *block, size_t size)
{
    if (block && heap.counts) {
        heap.live += (int64_t)size;
        heap.peak = heap.live > heap.peak ? heap.live : heap.peak;
    }
}

static void released(const volatile void *block)
{
    if (block && heap.counts)
        heap.live -= (int64_t)__sanitizer_get_allocated_size((const void *)block);
}

/* ---- results ---- */

/* What a reader made, to compare and to free. */
struct made {
    bool good;
    wg_tensor *tensor[2];
    wg_dataset_npz *npz;
    wg_file *file;
};

static wg_tensor_list list_of(const struct made *m)
{
    if (m->npz)
        return wg_dataset_npz_tensors(m->npz);
    if (m->file)
        return wg_file_tensors(m->file);
    return (wg_tensor_list){(size_t)(m->tensor[0] != NULL) + (m->tensor[1] != NULL), m->tensor, NULL};
}

static int64_t bytes_of(const wg_tensor *t)
{
    return wg_numel(t) * (int64_t)wg_dtype_size(wg_dtype_of(t));
}

static void check_same(wg_tensor_list a, wg_tensor_list b)
{
    CHECK(a.n == b.n, "another number of tensors");
    for (size_t i = 0; i < a.n; i++) {
        const wg_shape x = wg_shape_of(a.tensor[i]), y = wg_shape_of(b.tensor[i]);
        CHECK(x.rank == y.rank && memcmp(x.extent, y.extent, (size_t)x.rank * sizeof *x.extent) == 0, "another shape");
        CHECK(wg_dtype_of(a.tensor[i]) == wg_dtype_of(b.tensor[i]), "another dtype");
        CHECK(bytes_of(a.tensor[i]) == 0 || memcmp(wg_data(a.tensor[i]), wg_data(b.tensor[i]), (size_t)bytes_of(a.tensor[i])) == 0,
              "other elements");
        CHECK(!a.name || !b.name || strcmp(a.name[i], b.name[i]) == 0, "another name");
    }
}

static void end_made(struct made *m)
{
    wg_free(m->tensor[0]), wg_free(m->tensor[1]);
    wg_dataset_npz_destroy(m->npz);
    wg_file_destroy(m->file);
    *m = (struct made){.good = false};
}

/* ---- the target ---- */

static struct made reads_bytes(const uint8_t *bytes, size_t size); /* each target's own */
static void made_is_written(const struct made *made, uint64_t hash);

static void check_refusal(const struct made *m)
{
    const wg_error *error = wg_error_first();
    CHECK(error && error->code != WG_OK && strncmp(error->message, error->op, strlen(error->op)) == 0 &&
              strchr(error->message, ':'),
          "a refusal without a message");
    CHECK(error->code == WG_E_IO || error->code == WG_E_DTYPE || error->code == WG_E_ARGUMENT || error->code == WG_E_SHAPE ||
              error->code == WG_E_MEMORY,
          "a status that no file has");
    CHECK(!m->tensor[0] && !m->tensor[1] && !m->npz && !m->file, "a refusal that gives something");
    (void)wg_error_take(NULL);
}

static void check_memory(const struct made *m, size_t size)
{
    const wg_tensor_list list = list_of(m);
    int64_t limit = 4 * (int64_t)size + SLACK;
    for (size_t i = 0; i < list.n; i++)
        limit += bytes_of(list.tensor[i]) * TENSOR_FACTOR + 1024;
    CHECK(heap.peak <= limit, "more memory than its bound");
}

static uint64_t hash_of(const uint8_t *bytes, size_t size)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 1099511628211u;
    return hash ^ hash >> 32;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    wg_tensor *t = wg_scalar(WG_F32, 1); /* what a thread keeps is made now */
    CHECK(t, "the first tensor");
    wg_free(t);
    __sanitizer_install_malloc_and_free_hooks(allocated, released);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const uint64_t hash = hash_of(bytes, size);
    heap.live = heap.peak = 0;
    heap.counts = true;
    struct made made = reads_bytes(bytes, size), again = {.good = false};
    heap.counts = false;
    check_memory(&made, size);
    if (!made.good)
        check_refusal(&made);
    if (hash % 8 == 0) {
        wg_memory_fail((int64_t)(hash / 8 % 12), hash / 128 % 2);
        again = reads_bytes(bytes, size);
        wg_memory_fail(-1, false);
        CHECK(!again.good || made.good, "what was refused is read");
        if (again.good)
            check_same(list_of(&made), list_of(&again));
        else
            check_refusal(&again);
        end_made(&again);
    }
    if (made.good)
        made_is_written(&made, hash);
    end_made(&made);
    return 0;
}

/* ---- for formats that can be written ---- */

/* A path of this process alone. */
static inline const char *scratch(void)
{
    static char path[100];
    if (!path[0])
        snprintf(path, sizeof path, "%s/wengert-fuzz-%ld", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (long)getpid());
    return path;
}

#define WRITES_NOTHING                                                  \
    static void made_is_written(const struct made *made, uint64_t hash) \
    {                                                                   \
        (void)made, (void)hash;                                         \
    }

#endif
