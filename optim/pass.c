/* The way of parameters through the chain, in ops: what a step captures. */
#include <string.h>

#include "rule/rule.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"
#include "wengert/tensor.h"

/* What the stage that leads ahead keeps of each parameter: where it was, and 1 while it is ahead. */
enum { START, IS_AHEAD };

/* Where a step begins: where the parameter is, or where it was before it went ahead. */
static wg_tensor *start_of(const wg_optim *optim, const struct parameter *p)
{
    const struct link *ahead = chain_ahead(optim);
    if (!ahead)
        return p->tensor;
    wg_tensor **state = p->state + ahead->state;
    return wg_where(wg_cast(state[IS_AHEAD], WG_U8), state[START], p->tensor);
}

wg_status pass_enter(wg_optim *optim, const struct parameter *p, struct step *s)
{
    s->t = wg_add_scalar(p->count, 1); /* what the count becomes */
    s->p = start_of(optim, p);
    if (!s->t || !s->p)
        return wg_error_if_null(NULL);
    s->gradient = s->g;
    s->loss = optim->loss;
    s->moved = s->gate = NULL;
    s->is_recorded = optim->is_recorded;
    memset(s->sum, 0, sizeof s->sum);
    optim->moving[optim->n_moving++] = (struct moving){p, *s};
    return WG_OK;
}

wg_tensor *pass_gated(wg_tensor *before, wg_tensor *value, wg_tensor *gate)
{
    return gate ? wg_where(gate, value, before) : value;
}

/* The tensor in this place becomes value, where the gate is open: by an assignment, or, of steps that are recorded, by being
   replaced. */
static wg_status put(const wg_optim *optim, wg_tensor **place, wg_tensor *value, wg_tensor *gate)
{
    if (value == *place)
        return WG_OK;
    value = pass_gated(*place, value, gate);
    if (!optim->is_recorded)
        return wg_assign(*place, value);
    WG_TRY(wg_error_if_null(value));
    *place = value;
    return WG_OK;
}

static bool is_empty(const struct moving *m)
{
    return wg_numel(m->p->tensor) == 0;
}

static void load(const wg_optim *optim, const struct link *link, struct moving *m)
{
    m->s.options = (const char *)optim->groups[m->p->group].options + link->options;
    for (int k = 0; k < MAX_STATE; k++)
        m->s.before[k] = (link->rule->state[k].shared ? optim->shared : m->p->state)[link->state + (size_t)k];
    memcpy(m->s.state, m->s.before, sizeof m->s.state);
}

static bool waits(const struct optim_rule *rule)
{
    return rule->part || rule->agree;
}

/* Adds up all parts, in the order of the parameters. *first: one of them; NULL if all are empty. */
static wg_status add_parts(const wg_optim *optim, const struct link *link, struct moving **first)
{
    wg_tensor *sum[MAX_SUMS] = {NULL};
    *first = NULL;
    for (size_t i = 0; i < optim->n_moving; i++) {
        struct moving *m = &optim->moving[i];
        if (is_empty(m))
            continue;
        load(optim, link, m);
        memset(m->s.sum, 0, sizeof m->s.sum);
        *first = *first ? *first : m;
        if (link->rule->part)
            WG_TRY(link->rule->part(&m->s));
        for (int k = 0; k < MAX_SUMS; k++)
            if (m->s.sum[k])
                sum[k] = sum[k] ? wg_add(sum[k], m->s.sum[k]) : m->s.sum[k];
    }
    if (*first)
        memcpy((*first)->s.sum, sum, sizeof sum);
    return WG_OK;
}

/* What all parameters must agree on before one of them can go on. */
static wg_status agree(const wg_optim *optim, const struct link *link, wg_tensor *gate)
{
    struct moving *first;
    WG_TRY(add_parts(optim, link, &first));
    if (!first)
        return WG_OK;
    if (link->rule->agree)
        WG_TRY(link->rule->agree(&first->s));
    for (int k = 0; k < MAX_STATE; k++)
        if (link->rule->state[k].shared)
            WG_TRY(put(optim, &optim->shared[link->state + (size_t)k], first->s.state[k], gate));
    for (size_t i = 0; i < optim->n_moving; i++) {
        struct step *s = &optim->moving[i].s;
        memcpy(s->sum, first->s.sum, sizeof s->sum);
        s->gate = first->s.gate;
        for (int k = 0; k < MAX_STATE; k++)
            if (link->rule->state[k].shared)
                s->state[k] = first->s.state[k];
    }
    return WG_OK;
}

size_t optim_own_count(const struct optim_rule *rule)
{
    size_t k = 0;
    while (k < MAX_STATE && !rule->state[k].count)
        k++;
    return k;
}

/* The link's move, with the steps of its own as t where it counts them. */
static wg_tensor *moved_by(const struct link *link, struct step *s)
{
    const size_t own = optim_own_count(link->rule);
    if (own == MAX_STATE || s->state[own] == WG_NONE)
        return link->rule->move(s);
    wg_tensor *t = s->t;
    s->t = s->state[own] = wg_add_scalar(s->state[own], 1);
    wg_tensor *made = link->rule->move(s);
    s->t = t;
    return made;
}

/* One link for one parameter. gate: of the links before. */
static wg_status pass(const wg_optim *optim, const struct link *link, struct moving *m, wg_tensor *gate)
{
    if (!waits(link->rule))
        load(optim, link, m);
    wg_tensor *made = moved_by(link, &m->s);
    if (!made)
        return wg_error_if_null(NULL);
    if (link->rule->is_gradient && m->s.gradient == m->s.g)
        m->s.gradient = made;
    if (link->rule->place == IN_FRONT)
        m->s.g = made;
    else
        m->s.moved = made;
    for (int k = 0; k < MAX_STATE; k++)
        if (!link->rule->state[k].shared)
            WG_TRY(put(optim, &m->p->state[link->state + (size_t)k], m->s.state[k], gate));
    return WG_OK;
}

/* A parameter at the end of the chain. counts: it was a step. Where a gate is closed it is where the step began, also if it was
   ahead. */
static wg_status leave(const struct moving *m, bool counts)
{
    if (!is_empty(m))
        WG_TRY(wg_assign(m->p->tensor, pass_gated(m->s.p, m->s.moved, m->s.gate)));
    if (!counts)
        return WG_OK;
    return m->s.gate ? wg_assign(m->p->count, pass_gated(m->p->count, m->s.t, m->s.gate)) : wg_increment(m->p->count);
}

/* All parameters go through n links, each as far as it gets before it must wait for the others. */
static wg_status go_through(const wg_optim *optim, const struct link *link, size_t n, bool counts)
{
    for (size_t from = 0, to; from < n; from = to) {
        wg_tensor *gate = optim->n_moving > 0 ? optim->moving[0].s.gate : NULL;
        if (waits(link[from].rule))
            WG_TRY(agree(optim, &link[from], gate));
        for (to = from + 1; to < n && !waits(link[to].rule);)
            to++;
        for (size_t i = 0; i < optim->n_moving; i++) {
            struct moving *m = &optim->moving[i];
            for (size_t l = from; l < to && !is_empty(m); l++)
                WG_TRY(pass(optim, &link[l], m, l == from ? gate : m->s.gate));
            if (to == n && !optim->is_recorded)
                WG_TRY(leave(m, counts));
        }
    }
    return WG_OK;
}

static wg_status set_ahead(const wg_optim *optim, const struct link *ahead, const struct parameter *p, double value)
{
    wg_tensor **is_ahead = &p->state[ahead->state + IS_AHEAD];
    return put(optim, is_ahead, wg_full(wg_dtype_of(*is_ahead), WG_SCALAR, value), NULL);
}

/* No parameter is ahead any more. One that has no gradient now goes back to where it was. */
static wg_status end_ahead(const wg_optim *optim, const struct link *ahead)
{
    size_t moving = 0;
    for (size_t g = 0; g < optim->n_groups; g++)
        for (size_t i = 0; i < optim->groups[g].n; i++) {
            struct parameter *p = &optim->groups[g].parameters[i];
            if (moving < optim->n_moving && optim->moving[moving].p == p)
                moving++;
            else
                WG_TRY(put(optim, &p->tensor, start_of(optim, p), NULL));
            WG_TRY(set_ahead(optim, ahead, p, 0));
        }
    return WG_OK;
}

/* The stage that leads ahead is the last link. */
wg_status pass_step(const wg_optim *optim)
{
    const struct link *ahead = chain_ahead(optim);
    if (ahead)
        WG_TRY(end_ahead(optim, ahead));
    return go_through(optim, optim->links, optim->n_links - (ahead != NULL), true);
}

wg_status pass_ahead(const wg_optim *optim)
{
    const struct link *ahead = chain_ahead(optim);
    for (size_t i = 0; i < optim->n_moving; i++) {
        const struct moving *m = &optim->moving[i];
        if (!is_empty(m))
            WG_TRY(wg_assign(m->p->state[ahead->state + START], m->s.p));
        WG_TRY(set_ahead(optim, ahead, m->p, 1));
    }
    return ahead->rule->by_step ? go_through(optim, optim->links, optim->n_links, true) : go_through(optim, ahead, 1, false);
}

/* The rule alone sees them: no stage, and no count. */
wg_status pass_observe(const wg_optim *optim)
{
    const struct link *link = optim->links;
    while (link->rule != optim->rule)
        link++;
    for (size_t i = 0; i < optim->n_moving; i++) {
        struct moving *m = &optim->moving[i];
        if (is_empty(m))
            continue;
        load(optim, link, m);
        WG_TRY(optim->rule->observe(&m->s));
        for (int k = 0; k < MAX_STATE; k++)
            if (!optim->rule->state[k].shared)
                WG_TRY(put(optim, &m->p->state[link->state + (size_t)k], m->s.state[k], NULL));
    }
    return WG_OK;
}
