/* Parameters in exchange for a state: averaged weights in their place. */
#include <stdio.h>
#include <string.h>

#include "rule/rule.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"
#include "wengert/tensor.h"

/* "average", or "ema.average" where several stages have one. */
static bool is_called(const struct link *link, const char *state, const char *name)
{
    const size_t length = link->label ? strlen(link->label) : 0;
    return strcmp(state, name) == 0 ||
           (link->label && strncmp(name, link->label, length) == 0 && name[length] == '.' && strcmp(name + length + 1, state) == 0);
}

/* A state of each parameter, of a rule or a stage. */
struct state_place {
    const struct link *link;
    size_t k;
};

static bool can_be_exchanged(const struct link *link, const struct state_kind *kind)
{
    return kind->name && !kind->shared && !kind->count && !kind->generator && link->rule->place != AHEAD;
}

/* The error for a name that no state has, with those that there are. */
static wg_status no_state(const wg_optim *optim, const char *name, const char *op)
{
    char list[400] = "";
    size_t at = 0;
    for (size_t l = 0; l < optim->n_links; l++) {
        const struct link *link = &optim->links[l];
        for (int k = 0; k < MAX_STATE && at < sizeof list; k++)
            if (can_be_exchanged(link, &link->rule->state[k]))
                at += (size_t)snprintf(list + at, sizeof list - at, "%s%s%s%s", at ? ", " : "", link->label ? link->label : "",
                                       link->label ? "." : "", link->rule->state[k].name);
    }
    return wg_error_set(WG_E_ARGUMENT, op, "%s: the optimizer has no state \"%s\" of each parameter%s%s", op, name,
                        at ? "; it has " : "", list);
}

/* A rule's state has no other name than this one, a stage's has one with its label. */
static wg_status find(const wg_optim *optim, const char *name, struct state_place *found, const char *op)
{
    *found = (struct state_place){.link = NULL};
    for (size_t l = 0; l < optim->n_links; l++) {
        const struct link *link = &optim->links[l];
        for (size_t k = 0; k < MAX_STATE; k++) {
            const struct state_kind *kind = &link->rule->state[k];
            if (!can_be_exchanged(link, kind) || !is_called(link, kind->name, name))
                continue;
            if (found->link && found->link->label && link->label)
                return wg_error_set(WG_E_ARGUMENT, op, "%s: several stages have a state %s: expected one like \"%s.%s\"", op, name,
                                    link->label, kind->name);
            if (!found->link || !link->label)
                *found = (struct state_place){link, k};
        }
    }
    return found->link ? WG_OK : no_state(optim, name, op);
}

/* What count is, computed: in a capture that cannot be read, while count itself may be. NaN and the error, which says what it is
   about. */
static double steps_of(wg_tensor *count, const char *op)
{
    const bool first = !wg_error_first();
    const double steps = wg_item(wg_add_scalar(count, 0));
    wg_error error;
    if (!(steps >= 0) && first && wg_error_take(&error))
        (void)wg_error_set(error.code, op, "%s: %s", op, error.message);
    return steps;
}

/* A parameter that no step has moved, or none since the stage is there, stays: its state has not begun. */
static wg_status exchange(const struct parameter *p, const struct state_place *place, const char *op)
{
    const size_t own = optim_own_count(place->link->rule);
    wg_tensor **states = p->state + place->link->state, *state = states[place->k];
    const double steps = steps_of(own < MAX_STATE && states[own] != WG_NONE ? states[own] : p->count, op);
    if (steps == 0)
        return WG_OK;
    if (!(steps > 0))
        return wg_error_first() ? wg_error_first()->code : WG_E_STATE;
    if (state == WG_NONE || !optim_same_shape(state, p->tensor))
        return wg_error_set(WG_E_STATE, op, "%s: the state %s of %s is no value that the parameter could have", op,
                            place->link->rule->state[place->k].name, p->name);
    wg_tensor *before = wg_copy(p->tensor);
    WG_TRY(wg_error_if_null(before));
    WG_TRY(wg_assign(p->tensor, state));
    return wg_assign(state, before);
}

static wg_status exchange_all(const wg_optim *optim, const struct state_place *place, const char *op)
{
    for (size_t g = 0; g < optim->n_groups; g++)
        for (size_t i = 0; i < optim->groups[g].n; i++) {
            WG_TRY(optim_check_alive(&optim->groups[g].parameters[i], i, op));
            WG_TRY(exchange(&optim->groups[g].parameters[i], place, op));
        }
    return WG_OK;
}

wg_status wg_optim_exchange(wg_optim *optim, const char *name)
{
    const char *op = "optim_exchange";
    struct state_place place;
    if (!optim || !name)
        return wg_error_set(WG_E_NULL, op, "%s: the %s is NULL", op, optim ? "name" : "optimizer");
    WG_TRY(find(optim, name, &place, op));
    const size_t at = place.link->state + place.k;
    if (optim->exchanged && optim->exchanged_at != at)
        return wg_error_set(WG_E_STATE, op, "%s: the parameters are exchanged with the state %s", op, optim->exchanged);
    WG_TRY(wg_update_begin());
    WG_NO_GRAD;
    const wg_status status = exchange_all(optim, &place, op);
    if (status != WG_OK) {
        wg_update_cancel();
        return status;
    }
    WG_TRY(wg_update_commit());
    optim->exchanged = optim->exchanged ? NULL : place.link->rule->state[place.k].name;
    optim->exchanged_at = at;
    return WG_OK;
}
