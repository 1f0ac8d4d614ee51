/* Plans for checkpoints in a chain, by dynamic programming.

   A segment s .. t of the chain is processed when all stages behind it are done: forward, then backward. With m bytes left for it, its
   first stage is either recorded, which takes `kept` bytes from the rest of the segment, or begins a span s .. k - 1: the span runs
   without being kept, its result takes `result` bytes while k .. t is processed, and then the span is processed as a segment of its own.
   The first case costs forward + backward, the second the span's forward once more. */
#include "wengert/chain.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"

/* The peak without checkpoints is LEVELS levels. Each stage may add one by rounding. */
enum { LEVELS = 512, MAX_LEVEL = LEVELS + WG_CHAIN_MAX + 2, RECORDED = 0, IMPOSSIBLE = 255 };

struct table {
    const wg_chain_stage *stage;
    size_t n;
    int64_t unit;                     /* bytes of a level */
    int64_t behind[WG_CHAIN_MAX + 1]; /* parameters' gradients of stages from i on */
    double *cost;                     /* of a segment with so many levels */
    uint8_t *choice;                  /* RECORDED, k, or IMPOSSIBLE */
};

static size_t at(const struct table *t, size_t first, size_t last, int64_t level)
{
    return (first * t->n + last) * (MAX_LEVEL + 1) + (size_t)level;
}

static int64_t levels_of(const struct table *t, int64_t bytes)
{
    return (bytes + t->unit - 1) / t->unit;
}

/* The bytes in use during all forward runs of a segment that ends with stage `last`: the gradients of the parameters of later stages,
   and the gradient of this stage's result. */
static int64_t resident(const struct table *t, size_t last)
{
    return t->behind[last + 1] + (last + 1 < t->n ? t->stage[last].result : 0);
}

/* The peak of bytes while the first stage of a segment runs, forward or backward, if it is recorded. The later stages of the segment are
   not counted. */
static int64_t need_of(const struct table *t, size_t first, size_t last)
{
    const wg_chain_stage *stage = &t->stage[first];
    const int64_t forward = resident(t, last) + stage->kept + stage->beside_forward;
    const int64_t backward = t->behind[first + 1] + stage->kept + stage->beside_backward;
    return forward > backward ? forward : backward;
}

/* ---- the table ---- */

static void solve_segment(struct table *t, size_t first, size_t last, int64_t level)
{
    const wg_chain_stage *stage = &t->stage[first];
    double best = -1, again = 0;
    uint8_t choice = IMPOSSIBLE;
    if (levels_of(t, need_of(t, first, last)) <= level) {
        const int64_t rest = level - levels_of(t, stage->kept);
        const size_t next = first < last ? at(t, first + 1, last, rest) : 0;
        if (first == last || t->choice[next] != IMPOSSIBLE) {
            best = stage->forward + stage->backward + (first < last ? t->cost[next] : 0);
            choice = RECORDED;
        }
    }
    for (size_t k = first + 1; k <= last; k++) {
        again += t->stage[k - 1].forward;
        const int64_t rest = level - levels_of(t, t->stage[k - 1].result);
        if (rest < 0 || t->choice[at(t, k, last, rest)] == IMPOSSIBLE || t->choice[at(t, first, k - 1, level)] == IMPOSSIBLE)
            continue;
        const double cost = again + t->cost[at(t, k, last, rest)] + t->cost[at(t, first, k - 1, level)];
        if (choice == IMPOSSIBLE || cost < best) {
            best = cost;
            choice = (uint8_t)k;
        }
    }
    t->cost[at(t, first, last, level)] = best;
    t->choice[at(t, first, last, level)] = choice;
}

static void solve(struct table *t)
{
    for (size_t length = 1; length <= t->n; length++)
        for (size_t first = 0; first + length <= t->n; first++)
            for (int64_t level = 0; level <= MAX_LEVEL; level++)
                solve_segment(t, first, first + length - 1, level);
}

/* ---- the peak of a plan, to the byte ---- */

struct simulation {
    const struct table *t;
    const wg_chain_plan *plan;
    int64_t peak;
};

static void note_peak(struct simulation *s, int64_t bytes)
{
    s->peak = bytes > s->peak ? bytes : s->peak;
}

/* The end of the largest span that begins with this stage, before `end`, and lies inside span number `outer`; else 0. */
static size_t span_from(const wg_chain_plan *plan, size_t first, size_t end, size_t outer, size_t *number)
{
    for (size_t i = outer + 1; i < plan->n + 1; i++)
        if (plan->span[i - 1].first == first && plan->span[i - 1].end <= end) {
            *number = i;
            return plan->span[i - 1].end;
        }
    return 0;
}

/* The forward run of the stages first .. end - 1 in span number `outer` (0: in none). Returns what is in use after it. */
static int64_t run_forward(struct simulation *s, size_t first, size_t end, size_t outer, int64_t used, int64_t beside)
{
    for (size_t i = first, next, number = 0; i < end; i = next) {
        next = span_from(s->plan, i, end, outer, &number);
        if (next) {
            (void)run_forward(s, i, next, number, used, beside); /* its tape closes with it */
            used += s->t->stage[next - 1].result;
            note_peak(s, used + beside);
        } else {
            next = i + 1;
            used += s->t->stage[i].kept;
            note_peak(s, used + beside + s->t->stage[i].beside_forward);
        }
    }
    return used;
}

/* Forward and backward of a segment. Spans nest at most WG_CHAIN_MAX deep. */
static void run_both(struct simulation *s, size_t first, size_t end, size_t outer, int64_t used)
{
    size_t unit[WG_CHAIN_MAX], number[WG_CHAIN_MAX], n = 0;
    int64_t now = run_forward(s, first, end, outer, used, resident(s->t, end - 1));
    for (size_t i = first, next; i < end; i = next, n++) {
        number[n] = 0;
        next = span_from(s->plan, i, end, outer, &number[n]);
        next = next ? next : i + 1;
        unit[n] = i;
    }
    for (size_t last = end; n-- > 0; last = unit[n]) {
        const size_t i = unit[n];
        if (number[n]) {
            now -= s->t->stage[last - 1].result;
            run_both(s, i, last, number[n], now);
        } else {
            note_peak(s, now + s->t->behind[i + 1] + s->t->stage[i].beside_backward);
            now -= s->t->stage[i].kept;
        }
    }
}

static int64_t peak_of(const struct table *t, const wg_chain_plan *plan)
{
    struct simulation s = {t, plan, 0};
    run_both(&s, 0, t->n, 0, 0);
    return s.peak;
}

/* ---- from the table to a plan ---- */

static int by_place(const void *a, const void *b)
{
    const wg_chain_span *x = a, *y = b;
    return x->first != y->first ? (x->first < y->first ? -1 : 1) : x->end > y->end ? -1 : 1;
}

struct segment {
    size_t first, last;
    int64_t level;
};

static size_t collect(const struct table *t, int64_t level, wg_chain_span *span)
{
    struct segment waiting[WG_CHAIN_MAX] = {{0, t->n - 1, level}};
    size_t n_waiting = 1, n = 0;
    while (n_waiting > 0) {
        struct segment s = waiting[--n_waiting];
        while (s.first <= s.last) {
            const size_t k = t->choice[at(t, s.first, s.last, s.level)];
            if (k == RECORDED) {
                s.level -= levels_of(t, t->stage[s.first].kept);
                s.first++;
                continue;
            }
            span[n++] = (wg_chain_span){s.first, k};
            waiting[n_waiting++] = (struct segment){s.first, k - 1, s.level};
            s.level -= levels_of(t, t->stage[k - 1].result);
            s.first = k;
        }
    }
    qsort(span, n, sizeof *span, by_place);
    return n;
}

/* Every span but the one that begins a segment has its own first stage and end, so there are fewer than twice as many as stages. */
static wg_chain_plan *plan_of(const struct table *t, int64_t level)
{
    wg_chain_plan *plan = wg_object_new(sizeof *plan + 2 * t->n * sizeof *plan->span);
    if (!plan)
        return NULL;
    wg_chain_span *span = (wg_chain_span *)(void *)(plan + 1);
    plan->span = span;
    plan->n = collect(t, level, span);
    plan->operations = t->cost[at(t, 0, t->n - 1, level)];
    plan->bytes = peak_of(t, plan);
    return plan;
}

/* The plan of the highest level that keeps to the bound, or, for 0, of the smallest peak. Levels are rounded, so each plan's peak is
   counted to the byte. NULL: no memory, or none keeps to it; then *needed is the smallest peak. */
static wg_chain_plan *best_plan(const struct table *t, int64_t bytes, int64_t *needed)
{
    wg_chain_plan *best = NULL;
    *needed = INT64_MAX;
    for (int64_t level = MAX_LEVEL; level >= 0 && t->choice[at(t, 0, t->n - 1, level)] != IMPOSSIBLE; level--) {
        wg_chain_plan *plan = plan_of(t, level);
        if (!plan)
            break;
        const bool better = bytes > 0 ? plan->bytes <= bytes : plan->bytes < *needed;
        *needed = plan->bytes < *needed ? plan->bytes : *needed;
        wg_chain_plan_destroy(better ? best : plan);
        best = better ? plan : best;
        if (better && bytes > 0)
            break;
    }
    return best;
}

/* ---- the public functions ---- */

static bool is_sound(const wg_chain_stage *stage)
{
    const int64_t most = INT64_MAX / 512,
                  bytes[] = {stage->result, stage->kept, stage->gradients, stage->beside_forward, stage->beside_backward};
    bool sound = stage->forward >= 0 && stage->backward >= 0 && stage->result <= stage->kept;
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++)
        sound = sound && bytes[i] >= 0 && bytes[i] <= most;
    return sound;
}

/* Checks the arguments, and fills what the table needs of them. */
static wg_status begin_table(struct table *t, const char *op, const wg_chain_stage *stage, size_t n, int64_t bytes)
{
    if (!stage)
        return wg_fail(WG_E_NULL, op, "%s: the stages are NULL", op);
    if (n < 1 || n > WG_CHAIN_MAX || bytes < 0)
        return wg_fail(WG_E_ARGUMENT, op, "%s: expected 1..%d stages and a bound of at least 0, got %zu and %lld", op, WG_CHAIN_MAX,
                       n, (long long)bytes);
    *t = (struct table){.stage = stage, .n = n};
    for (size_t i = n; i-- > 0;) {
        if (!is_sound(&stage[i]))
            return wg_fail(WG_E_ARGUMENT, op,
                           "%s: stage %zu: expected bytes and operations of at least 0, and a result that is kept", op, i);
        t->behind[i] = t->behind[i + 1] + stage[i].gradients;
    }
    t->unit = peak_of(t, &(wg_chain_plan){0, 0, 0, NULL}) / LEVELS + 1;
    t->cost = wg_object_new(n * n * (MAX_LEVEL + 1) * sizeof *t->cost);
    t->choice = t->cost ? wg_object_new(n * n * (MAX_LEVEL + 1)) : NULL;
    return t->choice ? WG_OK : WG_E_MEMORY;
}

wg_chain_plan *wg_chain_plan_for(const wg_chain_stage *stage, size_t n, int64_t bytes)
{
    WG_OPERATION("chain_plan_for");
    const char *op = "chain_plan_for";
    struct table t = {.n = 0};
    wg_chain_plan *plan = NULL;
    if (begin_table(&t, op, stage, n, bytes) == WG_OK) {
        int64_t needed;
        solve(&t);
        plan = best_plan(&t, bytes, &needed);
        if (!plan && needed > bytes)
            wg_fail(WG_E_ARGUMENT, op, "%s: no plan keeps to %lld bytes: at least %lld are needed", op, (long long)bytes,
                    (long long)needed);
    }
    wg_object_free(t.cost);
    wg_object_free(t.choice);
    return plan;
}

void wg_chain_plan_destroy(wg_chain_plan *plan)
{
    wg_object_free(plan);
}
