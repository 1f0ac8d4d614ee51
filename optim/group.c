/* A group: parameters that share their settings, each with its state, made here so that a step allocates nothing. */
#include <math.h>
#include <stdlib.h>

#include "rule.h"
#include "wengert/error.h"
#include "wengert/tensor.h"

wg_status check_rate(const char *op, const char *setting, double value)
{
    if (value >= 0 && value < HUGE_VAL)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: %s %g is negative or not finite", op, setting, value);
}

/* A new tensor of the optimizer's own, whether a tape is open or not. */
static wg_tensor *own_zeros(wg_dtype dtype, wg_shape shape)
{
    wg_tensor *t = wg_zeros(dtype, shape);
    return t ? wg_own(t) : NULL;
}

static wg_status check_parameter(const struct group *group, const char *op, wg_tensor_list params, size_t i)
{
    const wg_tensor *t = params.tensor[i];
    if (!t)
        return wg_error_set(WG_E_NULL, op, "%s: parameter %zu is NULL", op, i);
    if (!wg_data(t)) /* released, dangling, another thread's, which is recorded now */
        return wg_error_first() ? wg_error_first()->code : WG_E_ARGUMENT;
    if (wg_dtype_of(t) != WG_F32 && wg_dtype_of(t) != WG_F64)
        return wg_error_set(WG_E_DTYPE, op, "%s: parameter %zu is %s; f32 or f64 is wanted", op, i, wg_dtype_name(wg_dtype_of(t)));
    if (group_has(group, t))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: parameter %zu (%s) is given twice", op, i, wg_name_of(t));
    return WG_OK;
}

static wg_status add_parameter(struct group *group, const struct optim_rule *rule, wg_tensor *t)
{
    struct parameter *p = &group->parameters[group->n];
    *p = (struct parameter){.tensor = t};
    for (int i = 0; i < MAX_STATE; i++)
        p->state[i] = WG_NONE;
    group->n++; /* from here on group_finish gives back what it has */
    p->count = own_zeros(WG_F64, WG_SCALAR);
    if (!p->count)
        return WG_E_MEMORY;
    for (int i = 0; i < MAX_STATE; i++) {
        if (!rule->needs_state(&group->options, i))
            continue;
        p->state[i] = own_zeros(wg_dtype_of(t), wg_shape_of(t));
        if (!p->state[i])
            return WG_E_MEMORY;
    }
    return WG_OK;
}

static wg_status fill(struct group *group, const struct optim_rule *rule, wg_tensor_list params)
{
    for (size_t i = 0; i < params.n; i++) {
        WG_TRY(check_parameter(group, rule->name, params, i));
        WG_TRY(add_parameter(group, rule, params.tensor[i]));
    }
    group->lr = own_zeros(WG_F64, WG_SCALAR);
    return group->lr ? wg_write(group->lr, &group->options.lr) : WG_E_MEMORY;
}

wg_status group_init(struct group *group, const struct optim_rule *rule, wg_tensor_list params, const wg_group_options *options)
{
    *group = (struct group){.options = *options};
    if (params.n == 0 || !params.tensor)
        return wg_error_set(params.n ? WG_E_NULL : WG_E_ARGUMENT, rule->name, "%s: there are no parameters", rule->name);
    WG_TRY(check_rate(rule->name, "lr", options->lr));
    WG_TRY(check_rate(rule->name, "weight_decay", options->weight_decay));
    WG_TRY(rule->check(options));
    group->parameters = calloc(params.n, sizeof *group->parameters);
    if (!group->parameters)
        return wg_error_set(WG_E_MEMORY, rule->name, "%s: out of memory", rule->name);
    const wg_status status = fill(group, rule, params);
    if (status != WG_OK)
        group_finish(group);
    return status;
}

void group_finish(struct group *group)
{
    for (size_t i = 0; i < group->n; i++) {
        wg_free(group->parameters[i].count);
        for (int k = 0; k < MAX_STATE; k++)
            wg_free(group->parameters[i].state[k]);
    }
    free(group->parameters);
    wg_free(group->lr);
    *group = (struct group){.n = 0};
}

bool group_has(const struct group *group, const wg_tensor *t)
{
    for (size_t i = 0; i < group->n; i++)
        if (group->parameters[i].tensor == t)
            return true;
    return false;
}
