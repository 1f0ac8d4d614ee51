/* Differentiable steps: the same chain on copies of the lists of tensors, in which every result takes its tensor's place. */
#include <stdlib.h>
#include <string.h>

#include "rule/rule.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"
#include "wengert/tensor.h"
#include "wengert/unroll.h"

struct wg_unrolled {
    wg_optim optim; /* a copy with lists of its own; options, names and links are the optimizer's */
    const wg_tape *tape;
    wg_tensor **tensor; /* the lists that wg_unrolled_params lends */
    const char **name;
    size_t n;
};

/* ---- making ---- */

static bool draws(const wg_optim *optim)
{
    for (size_t l = 0; l < optim->n_links; l++)
        for (int k = 0; k < MAX_STATE; k++)
            if (optim->links[l].rule->state[k].generator)
                return true;
    return false;
}

static void *copy(const void *from, size_t size)
{
    void *to = malloc(size + 1);
    if (to)
        memcpy(to, from, size);
    return to;
}

/* A group with its own list of parameters and their states, or NULL in their place. */
static bool copy_group(const wg_optim *optim, struct group *group)
{
    const size_t states = optim->n_links * MAX_STATE;
    group->parameters = copy(group->parameters, group->n * sizeof *group->parameters);
    group->states = copy(group->states, group->n * states * sizeof(wg_tensor *));
    for (size_t i = 0; group->parameters && group->states && i < group->n; i++)
        group->parameters[i].state = group->states + i * states;
    return group->parameters && group->states;
}

static bool copy_lists(wg_unrolled *u, const wg_optim *optim)
{
    wg_optim *own = &u->optim;
    bool whole = true;
    u->n = 0;
    own->groups = copy(optim->groups, optim->n_groups * sizeof *own->groups);
    own->shared = copy(optim->shared, optim->n_links * MAX_STATE * sizeof(wg_tensor *));
    for (size_t g = 0; g < optim->n_groups && own->groups; g++) {
        whole = copy_group(optim, &own->groups[g]) && whole;
        u->n += own->groups[g].n;
    }
    own->moving = malloc((u->n + 1) * sizeof *own->moving);
    u->tensor = malloc((u->n + 1) * sizeof(wg_tensor *));
    u->name = malloc((u->n + 1) * sizeof(const char *));
    return whole && own->groups && own->shared && own->moving && u->tensor && u->name;
}

static void lists_free(wg_unrolled *u)
{
    for (size_t g = 0; u->optim.groups && g < u->optim.n_groups; g++)
        free(u->optim.groups[g].parameters), free(u->optim.groups[g].states);
    free(u->optim.groups), free(u->optim.shared), free(u->optim.moving);
    free(u->tensor), free(u->name);
}

static void list(wg_unrolled *u)
{
    size_t n = 0;
    for (size_t g = 0; g < u->optim.n_groups; g++)
        for (size_t i = 0; i < u->optim.groups[g].n; i++) {
            u->tensor[n] = u->optim.groups[g].parameters[i].tensor;
            u->name[n++] = u->optim.groups[g].parameters[i].name;
        }
}

static wg_status check(const wg_optim *optim, const char *op)
{
    if (!optim)
        return wg_error_set(WG_E_NULL, op, "%s: the optimizer is NULL", op);
    if (!wg_tape_top())
        return wg_error_set(WG_E_STATE, op, "%s: no tape is open, on which the steps could be recorded", op);
    if (optim->exchanged)
        return wg_error_set(WG_E_STATE, op, "%s: the parameters are exchanged with the state %s", op, optim->exchanged);
    if (!optim->rule->move)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: %s has no step that can be recorded", op, optim->rule->name);
    if (draws(optim))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: %s draws numbers, which a recorded step cannot", op, optim->rule->name);
    if (optim->rule->needs_loss)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: %s needs the loss, which recorded steps are not given", op, optim->rule->name);
    for (size_t g = 0; g < optim->n_groups; g++)
        for (size_t i = 0; i < optim->groups[g].n; i++)
            WG_TRY(optim_check_alive(&optim->groups[g].parameters[i], i, op));
    return WG_OK;
}

wg_unrolled *wg_optim_unroll(const wg_optim *optim)
{
    const char *op = "optim_unroll";
    if (check(optim, op) != WG_OK)
        return NULL;
    wg_unrolled *u = malloc(sizeof *u);
    if (u) {
        *u = (wg_unrolled){.optim = *optim, .tape = wg_tape_top()};
        u->optim.is_recorded = true;
        if (copy_lists(u, optim)) {
            list(u);
            return u;
        }
        wg_unrolled_destroy(u);
    }
    (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    return NULL;
}

void wg_unrolled_destroy(wg_unrolled *u)
{
    if (u)
        lists_free(u);
    free(u);
}

wg_tensor_list wg_unrolled_params(const wg_unrolled *u)
{
    if (u)
        return (wg_tensor_list){u->n, u->tensor, u->name};
    (void)wg_error_set(WG_E_NULL, "unrolled_params", "unrolled_params: the steps are NULL");
    return (wg_tensor_list){0, NULL, NULL};
}

/* ---- a step ---- */

static wg_status check_gradient(const wg_unrolled *u, size_t i, const wg_tensor *g, const char *op)
{
    const wg_tensor *p = u->tensor[i];
    if (!wg_is_live(p))
        return wg_error_set(WG_E_DANGLING, op,
                            "%s: parameter %zu (%s) was freed or released, or the tape on which the steps began was closed", op, i,
                            u->name[i]);
    if (!g)
        return wg_error_set(WG_E_NULL, op, "%s: the gradient of parameter %zu is NULL", op, i);
    if (g == WG_NONE)
        return WG_OK;
    if (!wg_is_live(g))
        return wg_error_set(WG_E_DANGLING, op, "%s: the gradient of parameter %zu was freed, or its tape closed", op, i);
    if (!optim_same_shape(p, g))
        return wg_error_set(WG_E_SHAPE, op, "%s: the gradient of parameter %zu (%s) has another shape than it", op, i, u->name[i]);
    return wg_dtype_of(p) == wg_dtype_of(g)
               ? WG_OK
               : wg_error_set(WG_E_DTYPE, op, "%s: the gradient of parameter %zu (%s) is %s, and it is %s", op, i, u->name[i],
                              wg_dtype_name(wg_dtype_of(g)), wg_dtype_name(wg_dtype_of(p)));
}

static wg_status check_step(const wg_unrolled *u, wg_tensor *const *gradient, const char *op)
{
    if (!u || !gradient)
        return wg_error_set(WG_E_NULL, op, "%s: the %s NULL", op, u ? "list of gradients is" : "steps are");
    if (wg_tape_top() != u->tape)
        return wg_error_set(WG_E_STATE, op, "%s: the tape on which the steps began is not on top", op);
    for (size_t g = 0; g < u->optim.n_groups; g++)
        if (!wg_is_live(u->optim.groups[g].lr))
            return wg_error_set(WG_E_DANGLING, op, "%s: the rate of group %zu was freed, or its tape closed", op, g);
    size_t given = 0;
    for (size_t i = 0; i < u->n; i++) {
        WG_TRY(check_gradient(u, i, gradient[i], op));
        given += gradient[i] != WG_NONE;
    }
    return given > 0 ? WG_OK : wg_error_set(WG_E_NO_GRAD, op, "%s: no parameter has a gradient", op);
}

static wg_status enter(wg_unrolled *u, wg_tensor *const *gradient)
{
    size_t n = 0;
    u->optim.n_moving = 0;
    for (size_t g = 0; g < u->optim.n_groups; g++) {
        const struct group *group = &u->optim.groups[g];
        for (size_t i = 0; i < group->n; i++, n++) {
            struct step s = {.g = gradient[n], .lr = group->lr};
            if (gradient[n] != WG_NONE)
                WG_TRY(pass_enter(&u->optim, &group->parameters[i], &s));
        }
    }
    return WG_OK;
}

/* The results take their parameters' places. */
static wg_status leave(wg_unrolled *u)
{
    for (size_t i = 0; i < u->optim.n_moving; i++) {
        const struct moving *m = &u->optim.moving[i];
        struct parameter *p = &u->optim.groups[m->p->group].parameters[m->p - u->optim.groups[m->p->group].parameters];
        if (m->s.moved)
            p->tensor = pass_gated(m->s.p, m->s.moved, m->s.gate);
        p->count = pass_gated(p->count, m->s.t, m->s.gate);
        WG_TRY(wg_error_if_null(p->tensor));
        WG_TRY(wg_error_if_null(p->count));
    }
    list(u);
    return WG_OK;
}

/* The step is taken on a copy of the lists, which takes their place if it succeeds. */
wg_status wg_unrolled_step(wg_unrolled *u, wg_tensor *const *gradient)
{
    const char *op = "unrolled_step";
    WG_TRY(check_step(u, gradient, op));
    wg_unrolled next = {.optim = u->optim, .tape = u->tape};
    wg_status status = copy_lists(&next, &u->optim) ? enter(&next, gradient)
                                                    : wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    status = status == WG_OK ? pass_step(&next.optim) : status;
    status = status == WG_OK ? leave(&next) : status;
    lists_free(status == WG_OK ? u : &next);
    if (status == WG_OK)
        *u = next;
    return status;
}

wg_status wg_unrolled_set_lr(wg_unrolled *u, size_t group, wg_tensor *lr)
{
    const char *op = "unrolled_set_lr";
    if (!u || !lr)
        return wg_error_set(WG_E_NULL, op, "%s: the %s NULL", op, u ? "rate is" : "steps are");
    if (group >= u->optim.n_groups)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: there is no group %zu", op, group);
    if (!wg_is_live(lr))
        return wg_error_set(WG_E_DANGLING, op, "%s: the rate was freed, or its tape closed", op);
    if (wg_dtype_of(lr) != WG_F64)
        return wg_error_set(WG_E_DTYPE, op, "%s: expected a rate of f64, got %s", op, wg_dtype_name(wg_dtype_of(lr)));
    if (wg_rank(lr) != 0)
        return wg_error_set(WG_E_SHAPE, op, "%s: expected a scalar, got %d axes", op, wg_rank(lr));
    u->optim.groups[group].lr = lr;
    return WG_OK;
}
