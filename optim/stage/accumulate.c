/* Gradient accumulation: the formula stands in stages.def. */
#include "../rule/rule.h"
#include "wengert/ops.h"
#include "wengert/tensor.h"

enum { SUM, TAKEN };

static wg_status agree(struct step *s)
{
    const wg_stage_accumulate_options *o = s->options;
    wg_tensor *taken = wg_add_scalar(s->state[TAKEN], 1);
    wg_tensor *whole = wg_ge(taken, wg_full(WG_F64, WG_SCALAR, o->steps));
    s->state[TAKEN] = wg_sub(taken, wg_mul(taken, wg_cast(whole, WG_F64)));
    return step_close_unless(s, whole);
}

static wg_status check(const void *options, const char *op)
{
    return step_check_count(op, "steps", ((const wg_stage_accumulate_options *)options)->steps);
}

static const char *differs(const void *a, const void *b)
{
    const wg_stage_accumulate_options *x = a, *y = b;
    return x->steps != y->steps ? "steps" : NULL;
}

static wg_tensor *move(struct step *s)
{
    wg_tensor *sum = wg_add(s->state[SUM], s->g),
              *n = wg_add_scalar(s->before[TAKEN], 1); /* n: above o->steps where that was set lower */
    wg_tensor *is_taken = wg_logical_not(wg_cast(s->state[TAKEN], WG_U8));
    s->state[SUM] = wg_where(is_taken, wg_full(wg_dtype_of(s->p), WG_SCALAR, 0),
                             sum); /* it begins anew, also where it is not finite */
    return step_scaled(sum, wg_reciprocal(n));
}

const struct optim_rule stage_accumulate_rule = {.name = "accumulate",
                                                 .place = IN_FRONT,
                                                 .is_gradient = true,
                                                 .state = {[SUM] = {.name = "sum"}, [TAKEN] = {.name = "taken", .shared = true}},
                                                 .check = check,
                                                 .agree = agree,
                                                 .differs = differs,
                                                 .move = move};
