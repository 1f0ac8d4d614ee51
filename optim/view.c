/* A step as the uniform framework writes it. */
#include <string.h>

#include "rule/rule.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"
#include "wengert/tensor.h"

static wg_status check(const wg_optim *optim, const wg_tensor *parameter, const wg_optim_terms *terms, const char *op)
{
    if (!optim || !parameter || !terms)
        return wg_error_set(WG_E_NULL, op, "%s: the %s NULL", op,
                            !optim       ? "optimizer is"
                            : !parameter ? "parameter is"
                                         : "place for the terms is");
    if (!wg_tape_top())
        return wg_error_set(WG_E_STATE, op, "%s: no tape is open, to which the terms could belong", op);
    if (optim->n_links > 1 || !optim->rule->terms)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: a step of %s is none of u ← a u + b g, p ← p - s u/h", op,
                            optim->n_links > 1 ? "an optimizer with stages" : optim->rule->name);
    if (!optim_find(optim, parameter))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: %s is no parameter of the optimizer", op, wg_name_of(parameter));
    return WG_OK;
}

/* before: the step with the state as it was; s: as the rule left it. */
static wg_status fill(const struct optim_rule *rule, const struct step *before, const struct step *s, double steps,
                      wg_optim_terms *out, const char *op)
{
    struct terms now = {.taken = 1, .first = steps == 0}, last = {.taken = 1};
    WG_TRY(rule->terms(s, &now, op));
    const bool follows = steps > 0 && now.kept != 0;
    if (follows)
        WG_TRY(rule->terms(before, &last, op));
    const double scale = wg_item(now.scale), scale_before = follows ? wg_item(last.scale) : 1;
    *out = (wg_optim_terms){.gradient = now.gradient, .h = now.h, .h_before = follows ? last.h : now.h};
    out->alpha = scale * now.taken;
    out->beta = follows ? now.kept * scale / scale_before : 0;
    out->rate = wg_mul_scalar(wg_reciprocal(now.h), out->alpha);
    out->momentum = wg_mul_scalar(wg_div(out->h_before, now.h), out->beta);
    WG_TRY(wg_error_if_null(out->rate));
    return wg_error_if_null(out->momentum);
}

wg_status wg_optim_view(const wg_optim *optim, const wg_tensor *parameter, wg_optim_terms *terms)
{
    const char *op = "optim_view";
    WG_TRY(check(optim, parameter, terms, op));
    const struct parameter *p = optim_find(optim, parameter);
    WG_NO_GRAD;
    struct step s = {.p = p->tensor, .g = wg_gradient(p->tensor), .lr = optim->groups[p->group].lr};
    if (!s.g)
        return wg_error_set(WG_E_NO_GRAD, op, "%s: the parameter (%s) has no gradient: wg_backward comes first", op, p->name);
    s.gradient = s.g;
    s.options = optim->groups[p->group].options;
    memcpy(s.state, p->state, sizeof s.state);
    struct step before = s;
    before.t = p->count;
    s.t = wg_add_scalar(p->count, 1);
    WG_TRY(wg_error_if_null(optim->rule->move(&s)));
    wg_optim_terms made;
    WG_TRY(fill(optim->rule, &before, &s, wg_item(p->count), &made, op));
    *terms = made;
    return WG_OK;
}
