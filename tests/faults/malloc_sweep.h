/* Every call of malloc, calloc, aligned_alloc and strdup that the library makes in the calling thread fails in turn, that one alone or all later ones
   too. Either what was called says E_MEMORY by its name, or it did without; then, and when it is tried again, it gives the bits of a run
   without failure. The linker leads the library's calls here (--wrap). */
#ifndef TEST_MALLOC_SWEEP_H
#define TEST_MALLOC_SWEEP_H

#include <stdio.h>

#include "common.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);

static _Thread_local int64_t fail_at = -1, calls;
static _Thread_local bool persistent;

static bool fails(void)
{
    const int64_t call = calls++;
    return fail_at >= 0 && (call == fail_at || (persistent && call > fail_at));
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __real_aligned_alloc(alignment, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

/* What may run out of memory: act frees what it made, and adds the bits of its results to *hash. */
struct scenario {
    const char *name;
    bool (*act)(uint64_t *hash);
    int64_t at_least; /* calls that fail */
};

static void add_bytes(uint64_t *hash, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++)
        *hash = (*hash ^ bytes[i]) * 1099511628211u;
}

static void add_tensor(uint64_t *hash, const wg_tensor *t)
{
    add_bytes(hash, wg_data(t), (size_t)wg_numel(t) * wg_dtype_size(wg_dtype_of(t)));
}

static const uint64_t first_hash = 14695981039346656037u;

/* The error is that memory ran out, and its message begins with the name of what was called. */
static void check_error(const char *name, int64_t k)
{
    wg_error error;
    const wg_status code = wg_error_take(&error);
    const size_t n = strlen(error.op);
    if (code != WG_E_MEMORY || n == 0 || strcmp(error.op, "memory") == 0 || strncmp(error.message, error.op, n) != 0)
        fail_msg("%s, call %lld: %s", name, (long long)k, error.message);
}

/* One run with the k-th call failing, and a second one. Returns whether there was such a call. */
static bool run_with_failure(const struct scenario *scenario, uint64_t expected, int64_t k, bool from_then_on)
{
    uint64_t hash = first_hash, again = first_hash;
    wg_memory_trim(); /* so that tensors need malloc */
    calls = 0, fail_at = k, persistent = from_then_on;
    const bool done = scenario->act(&hash);
    const bool failed = calls > k;
    fail_at = -1;
    if (!done)
        check_error(scenario->name, k);
    if ((done && hash != expected) || (!done && !failed))
        fail_msg("%s, call %lld: other bits, or an error without a cause", scenario->name, (long long)k);
    if (!scenario->act(&again) || again != expected)
        fail_msg("%s, call %lld: other bits when it was tried again", scenario->name, (long long)k);
    return failed;
}

static void sweep_malloc(const struct scenario *scenarios, size_t n)
{
    for (size_t s = 0; s < n; s++) {
        uint64_t expected = first_hash;
        assert_true(scenarios[s].act(&expected));
        for (int from_then_on = 0; from_then_on < 2; from_then_on++) {
            int64_t k = 0;
            while (run_with_failure(&scenarios[s], expected, k, from_then_on))
                k++;
            if (k < scenarios[s].at_least)
                fail_msg("%s: only %lld calls", scenarios[s].name, (long long)k);
        }
    }
}

#endif
