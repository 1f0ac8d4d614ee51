/* The basis of the tables of misuse checks. A check calls one public function with each argument wrong in turn, and expects the
   right code, a message that begins with the function's name, and unchanged operands. */
#ifndef TEST_MISUSE_H
#define TEST_MISUSE_H

#include <pthread.h>
#include <stdio.h>

#include "common.h"

struct misuse {
    const char *name; /* of the public function */
    void (*check)(void);
};

enum bad { IS_NULL, IS_NONE, IS_RELEASED, IS_FOREIGN, IS_DANGLING, N_BAD };

/* Valid operands, made with no tape open; and invalid handles, while a tape is open. */
struct fixture {
    wg_tensor *x, *y;  /* f32 (2, 3); x requires a gradient */
    wg_tensor *wide;   /* f64 (2, 3) */
    wg_tensor *odd;    /* f32 (5, 7) */
    wg_tensor *vector; /* f32 (3) */
    wg_tensor *scalar; /* f32 () */
    wg_tensor *rate;   /* f64 () */
    wg_tensor *labels; /* i64 (2), 0 and 1 */
    wg_tensor *bytes;  /* u8 (2, 3) */
    wg_tensor *generator;
    wg_tensor *bad[N_BAD];
};

static struct fixture fx;

static const wg_status bad_code[N_BAD] = {WG_E_NULL, WG_E_ARGUMENT, WG_E_RELEASED, WG_E_THREAD, WG_E_DANGLING};

/* Under AddressSanitizer reading a dangling handle aborts the program. */
static inline bool may_try(size_t bad)
{
#ifdef TEST_ASAN
    return bad != IS_DANGLING;
#else
    return bad < N_BAD;
#endif
}

/* Runs the statements with `bad` set to each invalid handle in turn and `code` to the expected error. */
#define FOR_EACH_BAD(first, ...)                        \
    for (size_t bad_ = (first); bad_ < N_BAD; bad_++) { \
        wg_tensor *bad = fx.bad[bad_];                  \
        const wg_status code = bad_code[bad_];          \
        if (may_try(bad_)) {                            \
            __VA_ARGS__;                                \
        }                                               \
    }

/* Checks that the function of this name refuses `bad`, wherever it is in the call: that it returns NULL, or the code. */
#define REFUSED(op, call) FOR_EACH_BAD(IS_NULL, assert_null_and_error(call, code, op ": "))
#define REFUSED_STATUS(op, call) FOR_EACH_BAD(IS_NULL, assert_fails(call, code, op ": "))
/* The same where WG_NONE is allowed. */
#define REFUSED_BUT_NONE(op, call) FOR_EACH_BAD(IS_NULL, if (bad_ != IS_NONE) assert_null_and_error(call, code, op ": "))
#define REFUSED_STATUS_BUT_NONE(op, call) FOR_EACH_BAD(IS_NULL, if (bad_ != IS_NONE) assert_fails(call, code, op ": "))

/* ---- another thread, whose tape stays open during the checks ---- */

static struct {
    pthread_t thread;
    pthread_barrier_t barrier;
    wg_tensor *t;
} foreign;

static void *hold_a_tape(void *context)
{
    (void)context;
    WG_TAPE(tape);
    foreign.t = wg_full(WG_F32, WG_SHAPE(2, 3), 1);
    pthread_barrier_wait(&foreign.barrier);
    pthread_barrier_wait(&foreign.barrier); /* until the checks are done */
    return NULL;
}

/* A handle of a tape that was closed on top of the open one. It stays recognisable until the check closes further tapes or gives
   memory back to the system. */
static wg_tensor *dangling_handle(void)
{
    wg_tape_open();
    wg_tensor *t = made(wg_full(WG_F32, WG_SHAPE(2, 3), 1));
    wg_tape_close(wg_tape_top());
    return t;
}

static int make_fixture(void **state)
{
    (void)state;
    fx = (struct fixture){.x = leaf(WG_F32, WG_SHAPE(2, 3), 1),
                          .y = numbers(WG_F32, WG_SHAPE(2, 3), 2),
                          .wide = numbers(WG_F64, WG_SHAPE(2, 3), 3),
                          .odd = numbers(WG_F32, WG_SHAPE(5, 7), 4),
                          .vector = numbers(WG_F32, WG_SHAPE(3), 5),
                          .scalar = wg_scalar(WG_F32, 1),
                          .rate = wg_scalar(WG_F64, 1),
                          .labels = wg_from(((const int64_t[]){0, 1}), WG_SHAPE(2)),
                          .bytes = wg_zeros(WG_U8, WG_SHAPE(2, 3)),
                          .generator = wg_generator(1, 0)};
    pthread_barrier_init(&foreign.barrier, NULL, 2);
    pthread_create(&foreign.thread, NULL, hold_a_tape, NULL);
    pthread_barrier_wait(&foreign.barrier);
    wg_tape_open();
    fx.bad[IS_NONE] = WG_NONE;
    fx.bad[IS_RELEASED] = made(wg_mul_scalar(fx.y, 2));
    wg_drop(fx.bad[IS_RELEASED]);
    fx.bad[IS_FOREIGN] = foreign.t;
    return 0;
}

static int drop_fixture(void **state)
{
    clean_up(state);
    pthread_barrier_wait(&foreign.barrier);
    pthread_join(foreign.thread, NULL);
    pthread_barrier_destroy(&foreign.barrier);
    wg_tensor *all[] = {fx.x, fx.y, fx.wide, fx.odd, fx.vector, fx.scalar, fx.rate, fx.labels, fx.bytes, fx.generator};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        wg_free(all[i]);
    return 0;
}

/* Copies all bytes that a check could change. */
static size_t fixture_bytes(char *bytes)
{
    wg_tensor *all[] = {fx.x, fx.y, fx.wide, fx.odd, fx.vector, fx.scalar, fx.rate, fx.labels, fx.bytes, fx.generator};
    size_t used = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        assert_ok(wg_read_raw(all[i], bytes + used));
        used += (size_t)wg_numel(all[i]) * wg_dtype_size(wg_dtype_of(all[i]));
    }
    bytes[used++] = wg_gradient(fx.x) != NULL;
    bytes[used++] = wg_requires_grad(fx.x);
    bytes[used++] = wg_requires_grad(fx.y);
    return used;
}

static void run_checks(const struct misuse *table, size_t n)
{
    char before[1000], after[1000];
    wg_tape *tape = wg_tape_top();
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && table[i].check == table[i - 1].check) /* one check for several functions */
            continue;
        fx.bad[IS_DANGLING] = dangling_handle();
        const size_t size = fixture_bytes(before);
        table[i].check();
        if (wg_error_first())
            fail_msg("%s left an error: %s", table[i].name, wg_error_first()->message);
        if (fixture_bytes(after) != size || memcmp(before, after, size) != 0)
            fail_msg("%s changed an operand", table[i].name);
        if (wg_tape_top() != tape)
            fail_msg("%s left another tape on top", table[i].name);
    }
}

/* With an argument the program only prints the names of the functions that it checks; another test compares the list with the
   headers. */
#define MISUSE_MAIN(table)                                                                                                  \
    static void misuse_is_refused(void **state)                                                                             \
    {                                                                                                                       \
        (void)state;                                                                                                        \
        run_checks(table, sizeof(table) / sizeof *(table));                                                                 \
    }                                                                                                                       \
    int main(int argc, char **argv)                                                                                         \
    {                                                                                                                       \
        (void)argv;                                                                                                         \
        for (size_t i = 0; i < sizeof(table) / sizeof *(table) && argc > 1; i++)                                            \
            puts((table)[i].name);                                                                                          \
        const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(misuse_is_refused, make_fixture, drop_fixture)}; \
        return argc > 1 ? 0 : cmocka_run_group_tests(tests, NULL, NULL);                                                    \
    }

#endif
