/* The checker of plans (plan_check.h) finds faults planted in correct plans. */
#include "plan_check.h"

#include "common.h"
#include "replay/pack_schedule.h"

struct step {
    wg_tensor *x, *y;
    int64_t n;
};

static long faults, missed; /* planted; not found */

static bool is_wrong(const struct wg_plan *plan)
{
    char message[300];
    faults++;
    const bool wrong = !plan_is_right(plan, message, sizeof message);
    missed += !wrong;
    return wrong;
}

static wg_status keep(struct step *s, wg_tensor *y)
{
    wg_tensor *kept = y ? wg_keep(y) : NULL;
    if (!kept)
        return wg_error_first()->code;
    wg_free(s->y);
    s->y = kept;
    return WG_OK;
}

/* Captures the step on n elements with these observers, which plant faults, and counts. */
static void plant(wg_step *step, wg_dtype dtype, int64_t n, void (*plan_look)(struct wg_plan *plan),
                  void (*packing_look)(const struct wg_replay *replay, const struct wg_plan *plan, const struct wg_unit *unit,
                                       struct wg_packed *packed))
{
    struct step s = {.x = numbers(dtype, WG_SHAPE(n), 1), .n = n};
    faults = missed = 0;
    plan_shown = plan_look, packing_shown = packing_look;
    wg_replay *replay = wg_replay_capture(step, &s);
    plan_shown = NULL, packing_shown = NULL;
    assert_non_null(replay);
    wg_replay_destroy(replay);
    wg_free(s.x), wg_free(s.y);
    assert_true(faults > 0);
    assert_int_equal(missed, 0);
}

/* ---- memory ---- */

enum { VALUES = 6 };

/* Six values outside any group, all live until the last is computed. */
static wg_status sums(void *context)
{
    struct step *s = context;
    wg_tensor *v[VALUES];
    WG_TAPE(tape);
    for (int i = 0; i < VALUES; i++)
        v[i] = wg_cumsum(i ? v[i - 1] : s->x, 0);
    wg_tensor *all = wg_concat(v, VALUES, 0);
    return keep(s, wg_cumsum(all, 0, .reverse = true));
}

static bool in_block(const struct wg_plan *plan, size_t buffer)
{
    return WG_BUFFER(plan->log, buffer)->kind == WG_INTERNAL && !plan->slotted[buffer];
}

static void move_places(struct wg_plan *plan)
{
    for (size_t a = 0; a < plan->log->buffers.n; a++) {
        if (!in_block(plan, a))
            continue;
        const size_t at = plan->at[a];
        for (size_t b = 0; b < plan->log->buffers.n; b++)
            if (b != a && in_block(plan, b)) {
                plan->at[a] = plan->at[b]; /* overlapping completely, or by one cache line */
                is_wrong(plan);
                plan->at[a] = plan->at[b] + (WG_BUFFER(plan->log, b)->bytes - 1) / 64 * 64;
                is_wrong(plan);
            }
        plan->at[a] = at + 8;
        is_wrong(plan);
        plan->at[a] = plan->block;
        is_wrong(plan);
        plan->slotted[a] = true;
        plan->at[a] = 0;
        is_wrong(plan);
        plan->slotted[a] = false;
        plan->at[a] = at;
    }
}

static void places_that_overlap_are_found(void **state)
{
    (void)state;
    plant(sums, WG_F64, 100, move_places, NULL);
}

/* ---- order of units ---- */

static void swap_units(struct wg_plan *plan)
{
    for (size_t u = 0; u + 1 < plan->units.n; u++) {
        struct wg_unit *unit = WG_NTH(plan->units, struct wg_unit, u), kept = unit[0];
        unit[0] = unit[1], unit[1] = kept;
        is_wrong(plan);
        unit[1] = unit[0], unit[0] = kept;
    }
    plan->units.n--; /* the last unit does not run */
    is_wrong(plan);
    plan->units.n++;
}

static void another_order_is_found(void **state)
{
    (void)state;
    plant(sums, WG_F64, 100, swap_units, NULL);
}

static void swap_members(struct wg_plan *plan)
{
    for (size_t i = 0; i + 1 < plan->n; i++) {
        const uint32_t first = plan->order[i];
        plan->order[i] = plan->order[i + 1], plan->order[i + 1] = first;
        is_wrong(plan);
        plan->order[i + 1] = plan->order[i], plan->order[i] = first;
    }
}

static wg_status chain(void *context)
{
    struct step *s = context;
    WG_TAPE(tape);
    wg_tensor *y = wg_sin(s->x);
    for (int i = 0; i < 5; i++)
        y = wg_add(wg_donate(wg_tanh(y)), s->x);
    return keep(s, wg_mul(y, wg_add_scalar(wg_tanh(wg_sum(y)), 1)));
}

static void another_order_in_a_group_is_found(void **state)
{
    (void)state;
    plant(chain, WG_F64, 1, swap_members, NULL);
    plant(chain, WG_F64, 700, swap_members, NULL);
}

static wg_status commits(void *context)
{
    struct step *s = context;
    WG_TAPE(tape);
    WG_TRY(wg_update_begin());
    WG_TRY(wg_ema_update(s->x, wg_ones(WG_F64, WG_SHAPE(s->n)), 0.5));
    WG_TRY(wg_update_commit());
    return keep(s, wg_cumsum(wg_ones(WG_F64, WG_SHAPE(s->n)), 0));
}

/* Neither unit reads what the other writes, but if the second failed, the first would no longer be undone. */
static void an_order_across_a_commit_is_found(void **state)
{
    (void)state;
    plant(commits, WG_F64, 10, swap_members, NULL);
}

/* ---- slots of tiles ---- */

enum { ALIVE = WG_MAX_SLOTS + 4 };

/* More live values than slots in one group; the last one has no slot and is changed in place. */
static wg_status wide(void *context)
{
    struct step *s = context;
    wg_tensor *v[ALIVE];
    WG_TAPE(tape);
    for (int i = 0; i < ALIVE; i++)
        v[i] = wg_mul_scalar(s->x, i + 1);
    v[ALIVE - 1] = wg_neg(wg_donate(v[ALIVE - 1]));
    wg_tensor *sum = v[ALIVE - 1];
    for (int i = 0; i < ALIVE - 1; i++)
        sum = wg_mul(sum, v[i]);
    return keep(s, sum);
}

static void move_slots(struct wg_plan *plan)
{
    size_t in_slots = 0;
    for (size_t a = 0; a < ALIVE; a++) { /* the indices of the values, in order */
        const size_t buffer = WG_OPERAND(plan->log, WG_LAUNCH(plan->log, a)->operand)->buffer, at = plan->at[buffer];
        const bool slotted = plan->slotted[buffer];
        in_slots += slotted;
        for (size_t slot = 0; slot < WG_MAX_SLOTS + 1; slot++) {
            plan->slotted[buffer] = true;
            plan->at[buffer] = slot;
            if (!slotted || slot != at)
                is_wrong(plan);
        }
        plan->slotted[buffer] = slotted;
        plan->at[buffer] = at;
    }
    assert_true(in_slots > 8 && in_slots < ALIVE);
}

static void slots_that_two_values_share_are_found(void **state)
{
    (void)state;
    plant(wide, WG_F64, 513, move_slots, NULL);
}

/* ---- packed scalar calls ---- */

/* Every third term is multiplied by a scalar from elsewhere, so that scalars have to be gathered. */

static wg_status scalars(void *context)
{
    struct step *s = context;
    wg_tensor *v[40];
    WG_TAPE(tape);
    for (int i = 0; i < 40; i++) {
        v[i] = wg_slice(s->x, 0, i, i + 1, 1);
        v[i] = i % 2 ? wg_sin(v[i]) : wg_mul(wg_add_scalar(v[i], i), v[(i + 1) / 3]);
    }
    wg_tensor *sum = v[0];
    for (int i = 1; i < 40; i++)
        sum = wg_add(wg_mul(sum, v[i]), s->y ? v[0] : v[i]);
    return keep(s, sum);
}

static void change(const struct wg_replay *replay, const struct wg_plan *plan, const struct wg_unit *unit, struct wg_packed *packed)
{
    char message[300];
    faults++;
    missed += packing_is_right(replay, plan, unit, packed, message, sizeof message);
}

static void move_numbers(const struct wg_replay *replay, const struct wg_plan *plan, const struct wg_unit *unit,
                         struct wg_packed *packed)
{
    const int size = packed->n_in[1] ? 8 : 4;
    for (size_t i = 0; i + 1 < packed->n_in[0] + packed->n_in[1]; i++) {
        char *in = packed->in[i];
        packed->in[i] = packed->in[i + 1];
        change(replay, plan, unit, packed);
        packed->in[i] = in;
    }
    for (size_t i = 0; i < packed->n_rows; i++) {
        struct wg_packed_row *row = &packed->rows[i], kept = *row;
        row->at[0] += size;
        change(replay, plan, unit, packed);
        *row = kept;
        row->at[1] += size;
        change(replay, plan, unit, packed);
        *row = kept;
        row->n -= row->n > 0 ? 1 : -1;
        change(replay, plan, unit, packed);
        *row = kept;
    }
    packed->out->to += size;
    change(replay, plan, unit, packed);
    packed->out->to -= size;
    packed->out->from -= size;
    change(replay, plan, unit, packed);
    packed->out->from += size;
}

static void numbers_in_other_places_are_found(void **state)
{
    (void)state;
    plant(scalars, WG_F64, 40, NULL, move_numbers);
    plant(scalars, WG_F32, 40, NULL, move_numbers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(places_that_overlap_are_found),         TEST(another_order_is_found),
        TEST(another_order_in_a_group_is_found),     TEST(an_order_across_a_commit_is_found),
        TEST(slots_that_two_values_share_are_found), TEST(numbers_in_other_places_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
