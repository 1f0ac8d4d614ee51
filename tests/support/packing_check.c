/* Packed scalar calls make what the log makes: plan_check.h. */
#include <stdio.h>
#include <stdlib.h>

#include "plan_check.h"
#include "plan_names.h"
#include "replay/pack_schedule.h"
#include "replay/plan.h"

/* Names of numbers: of one from outside, its address; of one that is made, a hash of op, params and the names of what it is made of. */
struct packing {
    const struct wg_replay *replay;
    const struct wg_plan *plan;
    const struct wg_unit *unit;
    uint64_t *of_place; /* what a member made last; 0: from outside */
    uint64_t *array;    /* of each 4 bytes of the array */
    const char *start;
    int64_t cells;
    uint64_t nowhere;
};

static const struct wg_launch *member_of(const struct packing *p, size_t i)
{
    return WG_LAUNCH(p->plan->log, p->plan->order[p->unit->first + i]);
}

static const struct wg_operand *operand_of(const struct packing *p, const struct wg_launch *launch, unsigned i)
{
    return WG_OPERAND(p->plan->log, launch->operand + i);
}

static size_t size_of(const struct packing *p, const struct wg_operand *operand)
{
    return wg_dtype_size((wg_dtype)WG_LAYOUT(p->plan->log, operand->layout)->dtype);
}

static uint64_t name_call(wg_row *row, const struct wg_op *op, const void *params)
{
    uint64_t h = mix(1, (uintptr_t)row);
    for (size_t i = 0; i < op->params_size; i++)
        h = mix(h, ((const unsigned char *)params)[i]);
    return h;
}

static void name_members(struct packing *p)
{
    for (size_t m = 0; m < p->unit->n; m++) {
        const struct wg_launch *launch = member_of(p, m);
        uint64_t h = name_call(wg_launch_row(p->plan->log, launch), launch->op, launch->params);
        for (unsigned i = 1; i <= launch->n_in; i++) {
            const struct wg_operand *x = operand_of(p, launch, i);
            h = mix(h, p->of_place[x->buffer] ? p->of_place[x->buffer] : mix(2, (uintptr_t)wg_address(p->replay, p->plan, x)));
        }
        p->of_place[operand_of(p, launch, 0)->buffer] = h;
    }
}

/* Outside the array lies a number that nobody made. */
static uint64_t *at(struct packing *p, const char *where)
{
    const int64_t i = (where - p->start) / 4;
    p->nowhere = 0;
    return i >= 0 && i < p->cells ? &p->array[i] : &p->nowhere;
}

/* A call by the array: of the kind of the member whose row it is. false: of none. */
static bool run_row(struct packing *p, const struct wg_packed_row *row)
{
    const int64_t n = row->n < 0 ? -row->n : row->n;
    if (row->row == wg_gather_4 || row->row == wg_gather_8) {
        const int64_t size = row->row == wg_gather_4 ? 4 : 8;
        for (int64_t i = 0; i < n; i++)
            *at(p, row->at[0] + i * size) = *at(p, row->at[1] + ((const uint32_t *)row->params)[i] * size);
        return true;
    }
    size_t m = 0;
    while (m < p->unit->n && wg_launch_row(p->plan->log, member_of(p, m)) != row->row)
        m++;
    if (m == p->unit->n)
        return false;
    const struct wg_launch *kind = member_of(p, m);
    const size_t made = size_of(p, operand_of(p, kind, 0));
    uint64_t *names = calloc((size_t)n, sizeof *names), before = 0;
    for (int64_t i = 0; i < n; i++) {
        names[i] = name_call(row->row, kind->op, row->params);
        for (unsigned k = 1; k <= kind->n_in; k++) {
            const int64_t step = (int64_t)size_of(p, operand_of(p, kind, k)) * row->stride[k];
            names[i] = mix(names[i], k == 1 && row->n < 0 && i > 0 ? before : *at(p, row->at[k] + i * step));
        }
        before = names[i];
        if (row->n < 0) /* a step's result may be what the next reads */
            *at(p, row->at[0] + i * (int64_t)made) = before;
    }
    for (int64_t i = 0; i < n; i++)
        *at(p, row->at[0] + i * (int64_t)made) = names[i];
    free(names);
    return true;
}

/* Each value that others read is handed out once. */
static bool hands_out(struct packing *p, const struct wg_packed *packed)
{
    size_t outside = 0, out = packed->n_out[0] + packed->n_out[1], found = 0;
    for (size_t m = 0; m < p->unit->n; m++) {
        const struct wg_operand *y = operand_of(p, member_of(p, m), 0);
        uint64_t *name = &p->of_place[y->buffer];
        if (!*name || p->plan->slotted[y->buffer])
            continue;
        outside++;
        for (size_t i = 0; i < out; i++)
            found += packed->out[i].to == wg_address(p->replay, p->plan, y) && *at(p, packed->out[i].from) == *name;
        *name = 0; /* written more than once, it is handed out once */
    }
    return found == outside && out == outside;
}

static size_t array_bytes(const struct wg_packed *packed)
{
    const char *end = packed->array + (packed->n_in[0] + packed->n_in[1]) * 8;
    for (size_t i = 0; i < packed->n_rows; i++)
        for (int k = 0; k < WG_ROW_OPERANDS; k++) {
            const struct wg_packed_row *row = &packed->rows[i];
            const int64_t n = row->n < 0 ? -row->n : row->n, stride = row->stride[k] > 0 ? row->stride[k] : 0;
            if (row->at[k] && row->at[k] + 8 * (1 + n * stride) > end)
                end = row->at[k] + 8 * (1 + n * stride);
        }
    return (size_t)(end - packed->array);
}

bool packing_is_right(const struct wg_replay *replay, const struct wg_plan *plan, const struct wg_unit *unit,
                      const struct wg_packed *packed, char *message, size_t size)
{
    struct packing p = {.replay = replay, .plan = plan, .unit = unit, .start = packed->array};
    p.of_place = calloc(plan->log->buffers.n + 1, sizeof *p.of_place);
    p.cells = (int64_t)array_bytes(packed) / 4;
    p.array = calloc((size_t)p.cells + 1, sizeof *p.array);
    bool right = true;
    name_members(&p);
    for (size_t i = 0; i < packed->n_in[0] + packed->n_in[1]; i++)
        *at(&p, packed->array + 8 * i) = mix(2, (uintptr_t)packed->in[i]);
    for (size_t i = 0; i < packed->n_rows; i++)
        right = run_row(&p, &packed->rows[i]) && right;
    right = hands_out(&p, packed) && right;
    free(p.of_place), free(p.array);
    if (!right)
        snprintf(message, size, "scalar calls packed from launch %u on do not make what the log makes", plan->order[unit->first]);
    return right;
}
