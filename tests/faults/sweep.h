/* Fails the k-th allocation of Wengert, for every k, either that one alone or also all later ones. Each k runs in a fresh
   thread, whose pool is empty, so that the same allocations fail as in a new process. */
#ifndef TEST_SWEEP_H
#define TEST_SWEEP_H

#include <pthread.h>
#include <stdio.h>

#include "common.h"

/* A scenario. prepare makes *state, or returns NULL, which fails the test. act is what may fail, and returns whether it did what
   it should. save copies all bytes that act may change (at most size) and returns their number. finish frees everything. */
struct scenario {
    const char *name;
    void *(*prepare)(void);
    bool (*act)(void *state);
    size_t (*save)(void *state, char *bytes, size_t size);
    void (*finish)(void *state);
};

enum { SWEEP_BYTES = 1 << 16 };

/* Behind the first used bytes: the elements of the tensors, and whether each has and requires a gradient. Returns the bytes used then. */
static inline size_t put_tensors(char *bytes, size_t used, size_t size, wg_tensor_list list)
{
    for (size_t i = 0; i < list.n; i++) {
        const size_t n = (size_t)wg_numel(list.tensor[i]) * wg_dtype_size(wg_dtype_of(list.tensor[i]));
        if (used + n + 2 > size || wg_read_raw(list.tensor[i], bytes + used) != WG_OK)
            abort(); /* what is not saved is not compared */
        used += n;
        bytes[used++] = wg_gradient(list.tensor[i]) != NULL;
        bytes[used++] = wg_requires_grad(list.tensor[i]);
    }
    return used;
}

/* One run, and what a run without failure gives. */
struct trial {
    const struct scenario *scenario;
    const struct trial *reference; /* NULL in the run that makes the reference */
    int64_t fail_at, requests;
    bool persistent;
    size_t size;
    int64_t live;
    char bytes[SWEEP_BYTES];
    char complaint[300];
};

static inline void complain(struct trial *trial, const char *what)
{
    if (!trial->complaint[0])
        snprintf(trial->complaint, sizeof trial->complaint, "%s, allocation %lld%s: %.200s", trial->scenario->name,
                 (long long)trial->fail_at, trial->persistent ? " and all after it" : "", what);
}

/* Does the error name the function or op that was called? tests/faults/names.c checks which. */
static inline bool is_named(const wg_error *error)
{
    const size_t n = strlen(error->op);
    return n > 0 && strcmp(error->op, "memory") != 0 && strncmp(error->message, error->op, n) == 0 && error->message[n] == ':';
}

static inline void with_failure(struct trial *trial, void *state)
{
    const struct scenario *scenario = trial->scenario;
    static _Thread_local char before[SWEEP_BYTES], after[SWEEP_BYTES];
    const size_t size = scenario->save(state, before, sizeof before);
    wg_memory_fail(trial->fail_at, trial->persistent);
    const bool done = scenario->act(state);
    trial->requests = wg_memory_requests();
    wg_memory_fail(-1, false);
    if (trial->requests <= trial->fail_at) {
        if (!done)
            complain(trial, "it failed though no allocation did");
        return;
    }
    if (done)
        complain(trial, "no error");
    if (!wg_error_first() || wg_error_first()->code != WG_E_MEMORY)
        complain(trial, "the record does not say that memory ran out");
    else if (!is_named(wg_error_first()))
        complain(trial, wg_error_first()->message); /* the message does not name what was called */
    wg_error_take(NULL);
    if (wg_tape_top())
        complain(trial, "a tape was left open");
    if (scenario->save(state, after, sizeof after) != size || memcmp(before, after, size) != 0)
        complain(trial, "something changed");
    if (!scenario->act(state))
        complain(trial, wg_error_first() ? wg_error_first()->message : "the retry failed");
}

static inline void *run_trial(void *context)
{
    struct trial *trial = context;
    wg_set_threads(1);
    void *state = trial->scenario->prepare();
    if (!state) {
        complain(trial, "it could not be prepared");
        return NULL;
    }
    if (trial->reference)
        with_failure(trial, state);
    else if (!trial->scenario->act(state))
        complain(trial, wg_error_first() ? wg_error_first()->message : "it failed");
    trial->size = trial->scenario->save(state, trial->bytes, sizeof trial->bytes);
    trial->scenario->finish(state);
    wg_memory_trim();
    trial->live = wg_memory_now().live;
    if (wg_error_first())
        complain(trial, wg_error_first()->message);
    const struct trial *reference = trial->reference;
    if (reference && (trial->size != reference->size || memcmp(trial->bytes, reference->bytes, trial->size) != 0))
        complain(trial, "after the retry the bits are others");
    if (reference && trial->live != reference->live)
        complain(trial, "it leaks");
    return NULL;
}

static inline void run_in_thread(struct trial *trial)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run_trial, trial), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    if (trial->complaint[0])
        fail_msg("%s", trial->complaint);
}

/* Returns how many allocations were failed. */
static inline int64_t sweep(const struct scenario *scenario)
{
    static struct trial reference, trial;
    int64_t failed = 0;
    memset(&reference, 0, sizeof reference);
    reference.scenario = scenario;
    run_in_thread(&reference);
    for (int persistent = 0; persistent < 2; persistent++)
        for (int64_t k = 0;; k++) {
            memset(&trial, 0, sizeof trial);
            trial = (struct trial){.scenario = scenario, .reference = &reference, .fail_at = k, .persistent = persistent};
            run_in_thread(&trial);
            if (trial.requests <= k)
                break;
            failed++;
        }
    return failed;
}

#endif
