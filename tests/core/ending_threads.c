/* A thread may end, by pthread_exit or cancellation, wherever the engine calls user code. Its tapes are closed, its references
   to other threads' tensors are given back, and an unfinished step counts as failed: its effects are undone. */
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#include "common.h"

#include "core/internal.h"

enum place {
    IN_HOOK,
    IN_LEAF_HOOK,
    IN_CLOSURE_FORWARD,
    IN_CLOSURE_BACKWARD,
    IN_CLOSURE_DESTROY,
    IN_RERUN,
    IN_VJP,
    IN_JVP,
    IN_HESSIAN,
    IN_GRADCHECK,
    IN_CHECKPOINT,
    IN_CHECKPOINT_AGAIN,
    IN_UPDATE,
    PLACES
};

struct scene {
    wg_tensor *x, *generator;
    enum place place;
    bool cancelled; /* otherwise it calls pthread_exit */
    int calls;      /* calls left before the one that ends the thread */
    sem_t there;
};

static void end_here(struct scene *s, enum place place)
{
    if (s->place != place || s->calls-- > 0)
        return;
    if (!s->cancelled)
        pthread_exit(NULL);
    sem_post(&s->there);
    for (;;)
        pause();
}

static wg_tensor *hook(wg_tensor *g, void *context)
{
    struct scene *s = context;
    end_here(s, s->place);
    return g;
}

static wg_tensor *function(wg_tensor *const *x, size_t n, void *context)
{
    struct scene *s = context;
    (void)n;
    wg_tensor *y = wg_mul(wg_square(x[0]), wg_uniform(s->generator, WG_F64, WG_SHAPE(3), 0, 1));
    end_here(s, s->place);
    return wg_sum(y);
}

static wg_status forward(const wg_call *c)
{
    struct scene *s = c->context;
    memcpy(wg_data_mut(c->out[0]), wg_data(c->in[0]), 3 * sizeof(double));
    end_here(s, IN_CLOSURE_FORWARD);
    end_here(s, IN_RERUN);
    return WG_OK;
}

static wg_status backward(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    end_here(c->context, IN_CLOSURE_BACKWARD);
    return WG_GIVE(gx[0], gy[0]);
}

static void destroy(void *context)
{
    end_here(context, IN_CLOSURE_DESTROY);
}

static wg_tensor *closure(struct scene *s)
{
    return wg_closure_apply(&(wg_closure){.name = "same",
                                          .forward = forward,
                                          .backward = backward,
                                          .dtype = WG_F64,
                                          .shape = WG_SHAPE(3),
                                          .context = s,
                                          .destroy = destroy},
                            &s->x, 1);
}

static wg_status go_there(struct scene *s)
{
    wg_tensor *y, *g;
    switch (s->place) {
    case IN_HOOK:
        y = wg_square(s->x);
        WG_TRY(wg_add_hook(y, hook, s));
        return wg_backward(wg_sum(y));
    case IN_LEAF_HOOK:
        WG_TRY(wg_add_hook(s->x, hook, s));
        return wg_backward(wg_sum(wg_square(s->x)));
    case IN_CLOSURE_FORWARD:
    case IN_CLOSURE_BACKWARD:
    case IN_CLOSURE_DESTROY:
        WG_TRY(wg_backward(wg_sum(closure(s))));
        return wg_tape_close(wg_tape_top());
    case IN_RERUN:
        s->calls = 1;
        (void)closure(s);
        return wg_tape_rerun(wg_tape_top());
    case IN_VJP:
        return wg_vjp(function, s, &s->x, 1, WG_NONE, &y, &g);
    case IN_JVP:
        return wg_jvp(function, s, &s->x, 1, &s->x, &y, &g);
    case IN_HESSIAN:
        return wg_hessian(function, s, &s->x, 1, &g);
    case IN_GRADCHECK:
        return wg_gradcheck(function, s, &s->x, 1);
    case IN_CHECKPOINT:
        return wg_checkpoint(function, s, &s->x, 1) ? WG_OK : wg_error_first()->code;
    case IN_CHECKPOINT_AGAIN:
        s->calls = 1;
        return wg_backward(wg_checkpoint(function, s, &s->x, 1));
    case IN_UPDATE:
        WG_TRY(wg_update_begin());
        WG_TRY(wg_accumulate(s->x, wg_square(s->x)));
        end_here(s, IN_UPDATE);
        return wg_update_commit();
    default:
        return WG_E_BUG;
    }
}

static void *run(void *context)
{
    struct scene *s = context;
    wg_tape_open(.trace = s->place == IN_RERUN);
    (void)wg_uniform(s->generator, WG_F64, WG_SHAPE(3), 0, 1); /* an interrupted step undoes this draw */
    if (go_there(s) != WG_OK)
        wg_error_report(stderr);
    return s; /* not reached */
}

static int references(wg_tensor *t)
{
    return atomic_load(&wg_value_of(t)->refs);
}

static void end_a_thread(enum place place, bool cancelled)
{
    struct scene s = {
        .x = leaf(WG_F64, WG_SHAPE(3), 1), .generator = made(wg_generator(3, 0)), .place = place, .cancelled = cancelled};
    wg_tensor *before = made(wg_copy(s.x)), *state = made(wg_copy(s.generator));
    pthread_t thread;
    void *returned = &s;
    assert_int_equal(sem_init(&s.there, 0, 0), 0);
    assert_int_equal(pthread_create(&thread, NULL, run, &s), 0);
    if (cancelled) {
        sem_wait(&s.there);
        assert_int_equal(pthread_cancel(thread), 0);
    }
    assert_int_equal(pthread_join(thread, &returned), 0);
    assert_ptr_equal(returned, cancelled ? PTHREAD_CANCELED : NULL);
    assert_int_equal(references(s.x), 1);
    assert_int_equal(references(s.generator), 1);
    assert_same_bits(s.x, before);
    /* outside the engine's own work a thread ends as if it had closed its tapes */
    const bool interrupted = place != IN_CLOSURE_DESTROY && place != IN_UPDATE;
    if (interrupted)
        assert_same_bits(s.generator, state);
    else
        assert_true(memcmp(wg_data(s.generator), wg_data(state), 4 * sizeof(int64_t)) != 0);
    if (place == IN_CLOSURE_DESTROY)
        assert_near(element(wg_gradient(s.x), 0), 1, 0);
    else
        assert_null(wg_gradient(s.x));
    sem_destroy(&s.there);
    wg_free(s.x), wg_free(s.generator), wg_free(before), wg_free(state);
}

static void a_thread_ends_where_it_calls_pthread_exit(void **state)
{
    (void)state;
    live_excuse(); /* the thread freed tensors of this one */
    for (enum place place = 0; place < PLACES; place++)
        end_a_thread(place, false);
}

static void a_thread_ends_where_it_is_cancelled(void **state)
{
    (void)state;
    live_excuse();
    for (enum place place = 0; place < PLACES; place++)
        end_a_thread(place, true);
}

static wg_status close_the_tape(const wg_call *c)
{
    memcpy(wg_data_mut(c->out[0]), wg_data(c->in[0]), 3 * sizeof(double));
    int *calls = c->context;
    return ++*calls == 2 ? wg_tape_close(wg_tape_top()) : WG_OK;
}

static void a_tape_is_not_closed_by_what_is_run_again_on_it(void **state)
{
    (void)state;
    int calls = 0;
    wg_tensor *x = numbers(WG_F64, WG_SHAPE(3), 1);
    WG_TAPE(tape, .trace = true);
    made(wg_closure_apply(
        &(wg_closure){.name = "closes", .forward = close_the_tape, .dtype = WG_F64, .shape = WG_SHAPE(3), .context = &calls}, &x,
        1));
    assert_fails(wg_tape_rerun(tape), WG_E_STATE, "a function is running on the tape");
    assert_ptr_equal(wg_tape_top(), tape);
    wg_free(x);
}

int main(void)
{
    alarm(100); /* a thread that does not end fails the test */
    const struct CMUnitTest tests[] = {
        TEST(a_thread_ends_where_it_calls_pthread_exit),
        TEST(a_thread_ends_where_it_is_cancelled),
        TEST(a_tape_is_not_closed_by_what_is_run_again_on_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
