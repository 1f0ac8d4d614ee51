/* Fusion: forms groups of element-wise launches on equal shapes. Elements are independent, so a group runs tile by tile, and
   values that only the group uses are stored in slots of one tile. A launch that is independent of the group being formed is
   moved before it. Any other launch ends the group, except that a few small ones may be deferred until after it. */
#include <string.h>

#include "replay/plan.h"

wg_row *wg_launch_row(const struct wg_log *log, const struct wg_launch *launch)
{
    const struct wg_op *op = launch->op;
    wg_row *row = WG_KERNEL(op, row, log->thread->isa, launch->dtype == WG_F64);
    if (!row || launch->n_out != 1 || launch->n_in + 1 > WG_ROW_OPERANDS)
        return NULL;
    const struct wg_layout *y = WG_LAYOUT(log, WG_OPERAND(log, launch->operand)->layout);
    const int64_t *dims = WG_NTH(log->dims, int64_t, y->dims);
    if (!(y->flags & WG_T_DENSE) || y->dtype != launch->dtype || y->numel == 0)
        return NULL;
    for (unsigned i = 1; i <= launch->n_in; i++) {
        const struct wg_operand *operand = WG_OPERAND(log, launch->operand + i);
        const struct wg_layout *x = WG_LAYOUT(log, operand->layout);
        if (operand->buffer == WG_NO_BUFFER)
            return NULL;
        const int64_t *x_dims = WG_NTH(log->dims, int64_t, x->dims);
        const bool same_layout = x->rank == y->rank && memcmp(x_dims, dims, 2 * (size_t)y->rank * sizeof *dims) == 0;
        if (!same_layout && !wg_is_single(x, x_dims))
            return NULL;
    }
    return row;
}

bool wg_launch_reduces(const struct wg_log *log, const struct wg_launch *launch)
{
    if (!launch->op->kernels[WG_PORTABLE].block[WG_F32] || launch->n_in != 1 || launch->n_out != 1)
        return false;
    const struct wg_layout *y = WG_LAYOUT(log, WG_OPERAND(log, launch->operand)->layout);
    const struct wg_layout *x = WG_LAYOUT(log, WG_OPERAND(log, launch->operand + 1)->layout);
    return y->numel == 1 && x->numel > WG_TILE && (x->flags & WG_T_CONTIGUOUS) && x->dtype == launch->dtype;
}

bool wg_launch_may_fail(const struct wg_launch *launch)
{
    return !launch->op->writes && !wg_has_rows(launch->op) && !(launch->op->flags & WG_OP_SURE);
}

bool wg_launch_totals(const struct wg_log *log, const struct wg_launch *launch)
{
    return launch->op->kernels[WG_PORTABLE].block[WG_F32] && launch->n_out == 1 &&
           WG_LAYOUT(log, WG_OPERAND(log, launch->operand)->layout)->numel == 1;
}

/* ---- the use of buffers by a group ---- */

struct buffer_use {
    uint32_t group;       /* the latest group that used the buffer */
    uint32_t uses, all;   /* uses: operands of that group in the buffer; all: operands of all needed launches */
    uint32_t first, last; /* the first and the last member of the group that use it */
    int64_t offset;       /* of the group's operands */
    bool written, mixed;  /* by the group; mixed: its operands do not all cover the same elements one by one */
    uint32_t later;       /* the latest group with a deferred launch that uses the buffer, */
    bool later_written;   /* or writes it */
};

struct fusing {
    struct wg_plan *plan;
    struct buffer_use *buffer_use;
    uint32_t *order; /* the new execution order */
    size_t n;
    uint32_t *member;  /* launches of the current group */
    uint32_t *put_off; /* deferred launches, which run after the group */
    uint32_t *spare;   /* free slots */
    size_t members, n_put_off;
    uint32_t group;
    size_t open; /* values of the group that launches after its last member use */
    int64_t numel;
    const struct wg_layout *layout;
};

static const struct wg_operand *operand_of(const struct fusing *f, const struct wg_launch *launch, unsigned i)
{
    return WG_OPERAND(f->plan->log, launch->operand + i);
}

static bool one_by_one(const struct fusing *f, const struct wg_operand *operand)
{
    const struct wg_layout *layout = WG_LAYOUT(f->plan->log, operand->layout);
    return f->numel == 1 || !wg_is_single(layout, WG_NTH(f->plan->log->dims, int64_t, layout->dims));
}

static bool in_group(const struct fusing *f, const struct wg_operand *operand)
{
    return operand->buffer != WG_NO_BUFFER && f->buffer_use[operand->buffer].group == f->group;
}

/* Whether the launch must stay behind the group. */
static bool depends(const struct fusing *f, const struct wg_launch *launch)
{
    for (unsigned i = 0; i < wg_launch_operands(launch); i++) {
        const struct wg_operand *operand = operand_of(f, launch, i);
        if (in_group(f, operand) && (wg_launch_writes(launch, i) || f->buffer_use[operand->buffer].written))
            return true;
    }
    return false;
}

static bool like_group(const struct fusing *f, const struct wg_layout *y)
{
    const struct wg_log *log = f->plan->log;
    return y->numel == f->numel &&
           (y->numel == 1 ||
            (y->rank == f->layout->rank && memcmp(WG_NTH(log->dims, int64_t, y->dims), WG_NTH(log->dims, int64_t, f->layout->dims),
                                                  2 * (size_t)y->rank * sizeof(int64_t)) == 0));
}

/* Whether the launch reduces all elements of a value that the group computes. It then joins the group and reduces the blocks of
   each tile. */
static bool folds(const struct fusing *f, const struct wg_launch *launch)
{
    const struct wg_operand *x = operand_of(f, launch, 1);
    if (f->members == 0 || !wg_launch_reduces(f->plan->log, launch) || in_group(f, operand_of(f, launch, 0)) || !in_group(f, x))
        return false;
    const struct buffer_use *buffer_use = &f->buffer_use[x->buffer];
    return like_group(f, WG_LAYOUT(f->plan->log, x->layout)) && buffer_use->written && !buffer_use->mixed &&
           buffer_use->offset == x->offset;
}

/* Whether the launch, which has a row, may be appended to the group. */
static bool fits(const struct fusing *f, const struct wg_launch *launch)
{
    if (f->members == 0)
        return true;
    if (!like_group(f, WG_LAYOUT(f->plan->log, operand_of(f, launch, 0)->layout)))
        return false;
    for (unsigned i = 0; i < wg_launch_operands(launch); i++) {
        const struct wg_operand *operand = operand_of(f, launch, i);
        const struct buffer_use *buffer_use = &f->buffer_use[operand->buffer];
        if (!in_group(f, operand) || (i > 0 && !buffer_use->written))
            continue;
        if (buffer_use->mixed || buffer_use->offset != operand->offset || !one_by_one(f, operand))
            return false;
    }
    return true;
}

static bool is_open(const struct fusing *f, uint32_t buffer)
{
    const struct buffer_use *buffer_use = &f->buffer_use[buffer];
    return buffer_use->group == f->group && buffer_use->written && buffer_use->uses < buffer_use->all &&
           WG_BUFFER(f->plan->log, buffer)->kind == WG_INTERNAL;
}

/* Whether the group ends before a launch that has nothing to do with it. A long group whose values nothing waits for: together they would
   pass over more operands at once than the caches can follow. A short group before a long launch, which else would run alone. */
static bool is_done(const struct fusing *f, const struct wg_launch *launch)
{
    const int64_t numel = WG_LAYOUT(f->plan->log, operand_of(f, launch, 0)->layout)->numel;
    const bool is_long = f->numel > WG_TILE, may_end = is_long ? f->open == 0 : numel > WG_TILE;
    if (f->members == 0 || !may_end)
        return false;
    for (unsigned i = 0; i < wg_launch_operands(launch); i++)
        if (in_group(f, operand_of(f, launch, i)) && one_by_one(f, operand_of(f, launch, i)))
            return false;
    return true;
}

static void join(struct fusing *f, uint32_t number, const struct wg_launch *launch)
{
    if (f->members == 0) {
        f->group++;
        f->open = 0;
        f->layout = WG_LAYOUT(f->plan->log, operand_of(f, launch, 0)->layout);
        f->numel = f->layout->numel;
    }
    for (unsigned i = wg_launch_operands(launch); i-- > 0;) { /* inputs before the output */
        const struct wg_operand *operand = operand_of(f, launch, i);
        struct buffer_use *buffer_use = &f->buffer_use[operand->buffer];
        f->open -= is_open(f, operand->buffer);
        if (buffer_use->group != f->group)
            *buffer_use = (struct buffer_use){.group = f->group,
                                              .all = buffer_use->all,
                                              .first = (uint32_t)f->members,
                                              .offset = operand->offset,
                                              .later = buffer_use->later,
                                              .later_written = buffer_use->later_written};
        buffer_use->mixed = buffer_use->mixed || buffer_use->offset != operand->offset || !one_by_one(f, operand);
        buffer_use->written = buffer_use->written || i == 0;
        buffer_use->uses++;
        buffer_use->last = (uint32_t)f->members;
        f->open += is_open(f, operand->buffer);
    }
    f->member[f->members++] = number;
}

/* ---- slots ---- */

static bool only_here(const struct fusing *f, uint32_t buffer)
{
    const struct buffer_use *buffer_use = &f->buffer_use[buffer];
    return WG_BUFFER(f->plan->log, buffer)->kind == WG_INTERNAL && buffer_use->uses == buffer_use->all && buffer_use->written &&
           !buffer_use->mixed;
}

/* Frees the slots of the values whose last use is this member. With same_layout those whose dtype is the output's are freed,
   without it the others. Returns the number of spare slots. */
static size_t free_slots(struct fusing *f, const struct wg_launch *launch, uint32_t member, bool same_layout, size_t spare)
{
    const struct wg_log *log = f->plan->log;
    for (unsigned i = 0; i < wg_launch_operands(launch); i++) {
        const struct wg_operand *operand = operand_of(f, launch, i);
        if (!f->plan->slotted[operand->buffer] || f->buffer_use[operand->buffer].last != member || !only_here(f, operand->buffer) ||
            (WG_LAYOUT(log, operand->layout)->dtype == launch->dtype) != same_layout || (same_layout && i == 0))
            continue;
        f->spare[spare++] = (uint32_t)f->plan->at[operand->buffer];
        f->buffer_use[operand->buffer].last = UINT32_MAX; /* freed once, even if it is an operand twice */
    }
    return spare;
}

/* A value has its slot from the member that computes it to the last member that reads it; that member may write its own result
   over it. A slot is assigned at the value's first writer or not at all, because a later member that changes the value in place
   changes what the first one wrote. */
static void assign_slots(struct fusing *f, struct wg_unit *unit)
{
    struct wg_plan *plan = f->plan;
    const size_t max_slots = f->numel <= WG_TILE ? SIZE_MAX : WG_MAX_SLOTS;
    size_t spare = 0;
    unit->slot = f->numel == 1        ? sizeof(double)
                 : f->numel < WG_TILE ? ((size_t)f->numel * sizeof(double) + 63) & ~(size_t)63
                                      : WG_SLOT_BYTES;
    for (uint32_t k = 0; k < f->members; k++) {
        const struct wg_launch *launch = WG_LAUNCH(plan->log, f->member[k]);
        const uint32_t buffer = operand_of(f, launch, 0)->buffer;
        spare = free_slots(f, launch, k, true, spare);
        if (only_here(f, buffer) && f->buffer_use[buffer].first == k && (spare > 0 || unit->slots < max_slots)) {
            plan->slotted[buffer] = true;
            plan->at[buffer] = spare > 0 ? f->spare[--spare] : unit->slots++;
        }
        spare = free_slots(f, launch, k, false, spare);
    }
}

/* ---- execution order ---- */

static wg_status add_unit(struct fusing *f, struct wg_unit unit)
{
    WG_TRY(wg_array_reserve(&f->plan->units, 1, sizeof unit));
    *WG_NTH(f->plan->units, struct wg_unit, f->plan->units.n++) = unit;
    return WG_OK;
}

static wg_status add_launch(struct fusing *f, uint32_t number)
{
    f->order[f->n++] = number;
    return add_unit(f, (struct wg_unit){.first = f->n - 1, .n = 1});
}

static wg_status end_group(struct fusing *f)
{
    struct wg_unit unit = {.first = f->n, .n = f->members, .numel = f->numel};
    if (f->members == 0)
        return WG_OK;
    unit.rows = f->members > 1 || f->numel <= WG_TILE;
    if (unit.rows)
        assign_slots(f, &unit);
    memcpy(f->order + f->n, f->member, f->members * sizeof *f->member);
    f->n += f->members;
    f->members = 0;
    WG_TRY(add_unit(f, unit));
    for (size_t i = 0; i < f->n_put_off; i++)
        WG_TRY(add_launch(f, f->put_off[i]));
    f->n_put_off = 0;
    return WG_OK;
}

/* Whether the launch must stay behind the deferred launches. */
static bool depends_on_later(const struct fusing *f, const struct wg_launch *launch)
{
    for (unsigned i = 0; i < wg_launch_operands(launch) && f->n_put_off > 0; i++) {
        const struct wg_operand *operand = operand_of(f, launch, i);
        if (operand->buffer != WG_NO_BUFFER && f->buffer_use[operand->buffer].later == f->group &&
            (wg_launch_writes(launch, i) || f->buffer_use[operand->buffer].later_written))
            return true;
    }
    return false;
}

/* Whether the launch may be deferred. The few small ops on a loss, between forward and backward, need not end a group of long
   vectors. If there are more of them, they are a separate computation, such as the steps of a recurrence after a pass over all
   its inputs, and form groups of their own. */
static bool may_be_put_off(const struct fusing *f, const struct wg_launch *launch)
{
    enum { FEW = 16 };
    bool small = f->numel > WG_TILE && f->n_put_off < FEW;
    for (unsigned i = 0; i < wg_launch_operands(launch) && small; i++) {
        const struct wg_operand *operand = operand_of(f, launch, i);
        small = operand->buffer == WG_NO_BUFFER || WG_LAYOUT(f->plan->log, operand->layout)->numel <= WG_TILE;
    }
    return small;
}

static void put_off(struct fusing *f, uint32_t number, const struct wg_launch *launch)
{
    for (unsigned i = 0; i < wg_launch_operands(launch); i++) {
        const struct wg_operand *operand = operand_of(f, launch, i);
        if (operand->buffer == WG_NO_BUFFER)
            continue;
        struct buffer_use *buffer_use = &f->buffer_use[operand->buffer];
        buffer_use->later_written = (buffer_use->later == f->group && buffer_use->later_written) || wg_launch_writes(launch, i);
        buffer_use->later = f->group;
    }
    f->put_off[f->n_put_off++] = number;
}

static wg_status take(struct fusing *f, uint32_t number)
{
    const struct wg_launch *launch = WG_LAUNCH(f->plan->log, number);
    const bool rows = wg_launch_row(f->plan->log, launch) != NULL, later = depends_on_later(f, launch);
    if (rows && is_done(f, launch))
        WG_TRY(end_group(f));
    if (!later && (rows ? fits(f, launch) : folds(f, launch))) {
        join(f, number, launch);
        return WG_OK;
    }
    if (f->members > 0 && (later || depends(f, launch))) {
        if (may_be_put_off(f, launch)) {
            put_off(f, number, launch);
            return WG_OK;
        }
        WG_TRY(end_group(f));
        if (rows) {
            join(f, number, launch);
            return WG_OK;
        }
    }
    return add_launch(f, number);
}

static void count_uses(struct fusing *f)
{
    const struct wg_log *log = f->plan->log;
    for (size_t i = 0; i < f->plan->n; i++) {
        const struct wg_launch *launch = WG_LAUNCH(log, f->plan->order[i]);
        for (unsigned k = 0; k < wg_launch_operands(launch); k++)
            if (operand_of(f, launch, k)->buffer != WG_NO_BUFFER)
                f->buffer_use[operand_of(f, launch, k)->buffer].all++;
    }
}

/* A group never extends across a commit. */
static wg_status take_all(struct fusing *f)
{
    const struct wg_array *commits = &f->plan->log->commits;
    size_t commit = 0;
    count_uses(f);
    for (size_t i = 0; i < f->plan->n; i++) {
        for (; commit < commits->n && *WG_NTH(*commits, size_t, commit) <= f->plan->order[i]; commit++)
            WG_TRY(end_group(f));
        WG_TRY(take(f, f->plan->order[i]));
    }
    return end_group(f);
}

wg_status wg_plan_groups(struct wg_plan *plan)
{
    struct fusing f = {.plan = plan};
    struct wg_array lists[4] = {{NULL, 0, 0}}; /* usually used in small part, so not zeroed */
    wg_status status = WG_OK;
    for (int i = 0; i < 4 && status == WG_OK; i++)
        status = wg_array_reserve(&lists[i], plan->n + 1, sizeof(uint32_t));
    f.buffer_use = wg_object_new((plan->log->buffers.n + 1) * sizeof *f.buffer_use);
    f.order = lists[0].at, f.member = lists[1].at, f.put_off = lists[2].at, f.spare = lists[3].at;
    if (status == WG_OK)
        status = f.buffer_use ? take_all(&f) : WG_E_MEMORY;
    if (status == WG_OK)
        memcpy(plan->order, f.order, plan->n * sizeof *plan->order);
    wg_object_free(f.buffer_use);
    for (int i = 0; i < 4; i++)
        wg_array_free(&lists[i]);
    return status;
}
