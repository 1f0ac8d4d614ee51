/* An allocation error names what the user called: the function or the op. Every function of the engine that can run out of
   memory is called with its k-th allocation failing, for every k. */
#include <pthread.h>

#include "common.h"

struct world {
    wg_tensor *x, *w, *instead, *made[4];
    wg_tape *tape;
    wg_replay *replay;
    wg_closure closure;
};

static wg_tensor *layer(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_sum(wg_tanh(wg_mul(x[0], x[0])));
}

static wg_status doubled(const wg_call *c)
{
    const double *x = wg_data(c->in[0]);
    double *y = wg_data_mut(c->out[0]);
    for (int64_t i = 0; i < wg_numel(c->out[0]); i++)
        y[i] = 2 * x[i];
    return WG_OK;
}

static wg_status step(void *context)
{
    struct world *o = context;
    WG_TAPE(tape);
    wg_tensor *y = tape ? wg_exp(wg_closure_apply(&o->closure, &o->x, 1)) : NULL, *kept = y ? wg_keep(y) : NULL;
    if (!kept)
        return wg_error_first()->code;
    wg_free(o->made[3]);
    o->made[3] = kept;
    return WG_OK;
}

static wg_tensor *same(wg_tensor *gradient, void *context)
{
    (void)context;
    return gradient;
}

/* ---- the functions that may run out of memory; each returns whether it did what it should ---- */

static bool keep(struct world *o)
{
    return (o->made[0] = wg_keep(wg_tape_top() ? o->made[2] : o->x)) != NULL;
}

static bool own(struct world *o)
{
    return (o->made[0] = wg_own(o->made[2])) != NULL;
}

static bool set_name(struct world *o)
{
    return wg_set_name(o->x, "a name that is longer than a few bytes, so that it needs a block of its own") == WG_OK;
}

static bool add_gradient(struct world *o)
{
    return wg_add_gradient(o->w, o->w) == WG_OK;
}

static bool clear_gradient(struct world *o)
{
    wg_clear_gradient(o->x);
    return !wg_gradient(o->x);
}

static bool tape_open(struct world *o)
{
    o->tape = wg_tape_open();
    wg_tape_close(o->tape);
    return o->tape != NULL;
}

static bool name_push(struct world *o)
{
    static int n;
    char name[20];
    (void)o;
    snprintf(name, sizeof name, "section %d", n++);
    if (wg_section_push(name) != WG_OK)
        return false;
    wg_section_pop();
    return true;
}

static bool backward(struct world *o)
{
    return wg_backward(o->made[2], .retain = true) == WG_OK;
}

static bool grad(struct world *o)
{
    return wg_grad(o->made[2], o->x, .create_graph = true) != NULL;
}

static bool add_hook(struct world *o)
{
    for (int i = 0; i < 3000; i++)
        if (wg_add_hook(o->w, same, NULL) != WG_OK)
            return false;
    return true;
}

static bool update_begin(struct world *o)
{
    (void)o;
    if (wg_update_begin() != WG_OK)
        return false;
    wg_update_cancel();
    return true;
}

static bool tape_rerun(struct world *o)
{
    return wg_tape_rerun(o->tape) == WG_OK;
}

static wg_status free_those(struct world *o, wg_status status, int n)
{
    for (int i = 0; i < n && status == WG_OK; i++)
        wg_free(o->made[i]);
    for (int i = 0; i < n; i++)
        o->made[i] = NULL;
    return status;
}

static bool vjp(struct world *o)
{
    return free_those(o, wg_vjp(layer, NULL, &o->x, 1, WG_NONE, NULL, &o->made[0]), 1) == WG_OK;
}

static bool jvp(struct world *o)
{
    return free_those(o, wg_jvp(layer, NULL, &o->x, 1, &o->w, &o->made[0], &o->made[1]), 2) == WG_OK;
}

static bool hvp(struct world *o)
{
    return free_those(o, wg_hvp(layer, NULL, &o->x, 1, &o->w, NULL, NULL, &o->made[0]), 1) == WG_OK;
}

static bool jacobian(struct world *o)
{
    return free_those(o, wg_jacobian(layer, NULL, &o->x, 1, &o->made[0]), 1) == WG_OK;
}

static bool hessian(struct world *o)
{
    return free_those(o, wg_hessian(layer, NULL, &o->x, 1, &o->made[0]), 1) == WG_OK;
}

static bool gradcheck(struct world *o)
{
    return wg_gradcheck(layer, NULL, &o->x, 1) == WG_OK;
}

static bool gradgradcheck(struct world *o)
{
    return wg_gradgradcheck(layer, NULL, &o->x, 1) == WG_OK;
}

static bool checkpoint(struct world *o)
{
    return wg_checkpoint(layer, NULL, &o->x, 1) != NULL;
}

static bool capture(struct world *o)
{
    wg_replay *replay = wg_replay_capture(step, o);
    wg_replay_destroy(replay);
    return replay != NULL;
}

static bool evaluate(struct world *o)
{
    return wg_evaluate(step, o) == WG_OK;
}

static bool replay_run(struct world *o)
{
    return wg_replay_run(o->replay) == WG_OK;
}

static bool replay_bind(struct world *o)
{
    return wg_replay_bind(o->replay, o->x, o->instead) == WG_OK;
}

static bool generator(struct world *o)
{
    return (o->made[0] = wg_generator(1, 2)) != NULL;
}

static bool default_generator(struct world *o)
{
    (void)o;
    return wg_generator_default() != NULL;
}

static bool seed(struct world *o)
{
    (void)o;
    return wg_seed(1, 2) == WG_OK;
}

static bool generator_split(struct world *o)
{
    return (o->made[0] = wg_generator_split(o->made[1], 7)) != NULL;
}

static bool write_dot(struct world *o)
{
    FILE *file = fopen("/dev/null", "w");
    const wg_status status = wg_dump_dot(o->tape, file);
    fclose(file);
    return status == WG_OK;
}

static bool closure(struct world *o)
{
    wg_tensor *y = wg_closure_apply(&o->closure, &o->x, 1);
    if (!wg_tape_top())
        wg_free(y);
    return y != NULL;
}

static bool composed(struct world *o)
{
    wg_tensor *y = wg_mse(o->x, o->w);
    if (!wg_tape_top())
        wg_free(y);
    return y != NULL;
}

static bool plain(struct world *o)
{
    wg_tensor *y = wg_matmul(o->x, o->w);
    if (!wg_tape_top())
        wg_free(y);
    return y != NULL;
}

static bool full(struct world *o)
{
    return (o->made[0] = wg_zeros(WG_F64, WG_SHAPE(9, 9))) != NULL;
}

/* on: with no tape open, on a tape, on a traced tape. ALSO_OPS: the function calls user functions whose ops run out of memory
   too, so the error may name an op. */
enum { NO_TAPE = 1, A_TAPE = 2, TRACED = 4, ALSO_OPS = 8 };

static const struct call {
    const char *name;
    bool (*run)(struct world *o);
    unsigned where;
} calls[] = {
    {"keep", keep, A_TAPE | TRACED},
    {"own", own, A_TAPE | TRACED},
    {"set_name", set_name, NO_TAPE | A_TAPE},
    {"add_gradient", add_gradient, NO_TAPE | A_TAPE},
    {"clear_gradient", clear_gradient, A_TAPE},
    {"tape_open", tape_open, NO_TAPE | A_TAPE},
    {"section_push", name_push, NO_TAPE | A_TAPE},
    {"backward", backward, A_TAPE | TRACED},
    {"grad", grad, A_TAPE | TRACED},
    {"add_hook", add_hook, A_TAPE},
    {"update_begin", update_begin, NO_TAPE},
    {"tape_rerun", tape_rerun, TRACED},
    {"vjp", vjp, NO_TAPE | ALSO_OPS},
    {"jvp", jvp, NO_TAPE | ALSO_OPS},
    {"hvp", hvp, NO_TAPE | ALSO_OPS},
    {"jacobian", jacobian, NO_TAPE | ALSO_OPS},
    {"hessian", hessian, NO_TAPE | ALSO_OPS},
    {"gradcheck", gradcheck, NO_TAPE | ALSO_OPS},
    {"gradgradcheck", gradgradcheck, NO_TAPE | ALSO_OPS},
    {"checkpoint", checkpoint, A_TAPE | ALSO_OPS},
    {"replay_capture", capture, NO_TAPE | ALSO_OPS},
    {"evaluate", evaluate, NO_TAPE | ALSO_OPS},
    {"replay_run", replay_run, NO_TAPE | A_TAPE},
    {"replay_bind", replay_bind, NO_TAPE},
    {"generator", generator, NO_TAPE},
    {"generator_default", default_generator, NO_TAPE},
    {"seed", seed, A_TAPE},
    {"generator_split", generator_split, NO_TAPE | A_TAPE},
    {"dump_dot", write_dot, A_TAPE},
    {"closure_of_the_test", closure, NO_TAPE | A_TAPE},
    {"mse", composed, NO_TAPE | A_TAPE},
    {"matmul", plain, NO_TAPE | A_TAPE},
    {"full", full, NO_TAPE},
};

/* Is it an op, or a function that the user's own functions here call? */
static bool is_inner(const char *op)
{
    bool found = strcmp(op, "keep") == 0 || strcmp(op, "tape_open") == 0 || strcmp(op, "closure_of_the_test") == 0;
    for (size_t i = 0; i < wg_op_count() && !found; i++)
        found = strcmp(wg_op_at(i)->name, op) == 0;
    return found;
}

struct trial {
    const struct call *call;
    unsigned where;
    int64_t fail_at;
    bool reached, failed;
    char complaint[600];
};

/* Runs in a fresh thread, whose pool is empty. */
static void *run_trial(void *context)
{
    struct trial *t = context;
    struct world o = {.x = leaf(WG_F64, WG_SHAPE(3, 3), 1), .w = leaf(WG_F64, WG_SHAPE(3, 3), 2)};
    o.instead = numbers(WG_F64, WG_SHAPE(3, 3), 3);
    o.closure = (wg_closure){
        .name = "closure_of_the_test", .forward = doubled, .dtype = WG_F64, .shape = WG_SHAPE(3, 3), .replayable = true};
    wg_set_threads(1);
    if (strncmp(t->call->name, "replay", 6) == 0)
        o.replay = wg_replay_capture(step, &o);
    if (t->call->run == clear_gradient)
        assert_ok(wg_add_gradient(o.x, o.w));
    if (t->call->run == generator_split)
        o.made[1] = wg_generator(3, 4);
    if (t->where != NO_TAPE) {
        o.tape = wg_tape_open(.trace = t->where == TRACED);
        o.made[2] = layer(&o.x, 1, NULL);
        assert_ok(wg_accumulate(o.instead, o.made[2] ? o.x : NULL)); /* for a rerun */
    }
    wg_memory_trim();
    wg_memory_fail(t->fail_at, false);
    const bool done = t->call->run(&o);
    t->reached = wg_memory_requests() > t->fail_at;
    wg_memory_fail(-1, false);
    wg_error error;
    wg_error_take(&error);
    const size_t n = strlen(error.op);
    const bool named = strcmp(error.op, t->call->name) == 0 || ((t->call->where & ALSO_OPS) && is_inner(error.op));
    t->failed = !done;
    if (!done && (error.code != WG_E_MEMORY || !named || strncmp(error.message, error.op, n) != 0 || error.message[n] != ':'))
        snprintf(t->complaint, sizeof t->complaint, "%s (%u), allocation %lld: %s of \"%s\": %.300s", t->call->name, t->where,
                 (long long)t->fail_at, wg_status_name(error.code), error.op, error.message);
    if (t->where != NO_TAPE && t->call->run != tape_open)
        wg_tape_close(o.tape);
    else if (wg_tape_top())
        wg_tape_close(wg_tape_top());
    wg_error_take(NULL);
    wg_replay_destroy(o.replay);
    for (int i = 0; i < 4; i++)
        if (i != 2)
            wg_free(o.made[i]);
    wg_free(o.x), wg_free(o.w), wg_free(o.instead);
    return NULL;
}

static void sweep(const struct call *call, unsigned where)
{
    int64_t failures = 0;
    for (int64_t k = 0;; k++) {
        struct trial trial = {.call = call, .where = where, .fail_at = k};
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, run_trial, &trial), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        if (trial.complaint[0])
            fail_msg("%s", trial.complaint);
        if (!trial.reached)
            break;
        failures += trial.failed;
    }
    if (failures == 0)
        fail_msg("%s (%u): nothing failed", call->name, where);
}

static void errors_for_want_of_memory_name_what_was_called(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        for (unsigned where = NO_TAPE; where <= TRACED; where *= 2)
            if (calls[i].where & where)
                sweep(&calls[i], where);
}

int main(void)
{
    if (wg_warmup(1) != WG_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(errors_for_want_of_memory_name_what_was_called),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
