/* Template of the recursion of connectionist temporal classification (Graves and others, 2006), compiled once per number type.

   A target of S labels has 2 S + 1 states: blank, label, blank, …, label, blank. At each time a path stays in its state or goes to
   the next one, or over a blank between two different labels. v_t[s] is ln of the sum, over the beginnings of paths that are in
   state s at time t, of the product of their probabilities. Everything is kept as logarithms, in WIDE: a probability may be as
   small as e^-10000. The recursion from the end is the same on the states in reverse order.

   The derivatives along k tensors u: beside v_t[s] there are 2ᵏ parts, e^{-v} times the derivative of e^v along each subset of the
   directions (part 0 is 1). x enters e^v by a factor e^x, whose derivative along u is u e^x. */
#include "ops/loss/ctc.h"

#define NEVER ((WIDE)-INFINITY)

typedef struct {
    const ELEM *x[1 + WG_CTC_DIRECTIONS]; /* x and each u: element (t, class) at t time + class column */
    int64_t time[1 + WG_CTC_DIRECTIONS], column[1 + WG_CTC_DIRECTIONS];
    const int64_t *class_of; /* of each state */
    int64_t times, states;
    int k, parts; /* parts = 2ᵏ */
} T(ctc_sequence);

/* Sequence n of the call. class_of: workspace, an element for each state. */
static void T(ctc_read)(const wg_call *c, int64_t n, int64_t *class_of, T(ctc_sequence) * q)
{
    const struct wg_ctc_lengths length = wg_ctc_lengths(c, n);
    const wg_tensor *targets = c->in[1];
    const int64_t *label = (const int64_t *)(const void *)targets->data + n * wg_strides(targets)[0];
    q->times = length.times;
    q->states = 2 * length.labels + 1;
    q->class_of = class_of;
    for (int64_t s = 0; s < q->states; s++)
        class_of[s] = s % 2 ? label[s / 2 * wg_strides(targets)[1]] : ((const struct wg_ctc_params *)c->params)->blank;
    q->k = (int)c->n_in - WG_CTC_OPERANDS;
    q->parts = 1 << q->k;
    for (int i = 0; i <= q->k; i++) {
        const wg_tensor *x = c->in[i == 0 ? 0 : WG_CTC_OPERANDS + i - 1];
        q->x[i] = (const ELEM *)(const void *)x->data + n * wg_strides(x)[1];
        q->time[i] = wg_strides(x)[0];
        q->column[i] = wg_strides(x)[2];
    }
}

/* skip[s] = 0 if a path may go from state s - 2 to s, else -inf. reversed: state s is the s-th from the end. */
static void T(ctc_skips)(const T(ctc_sequence) * q, bool reversed, WIDE *skip)
{
    for (int64_t s = 0; s < q->states; s++) {
        const int64_t to = reversed ? q->states + 1 - s : s;
        const bool may = s >= 2 && to % 2 == 1 && q->class_of[to] != q->class_of[to - 2];
        skip[s] = may ? (WIDE)0 : NEVER;
    }
}

/* The states in which a path may begin have the given logarithm. The two columns in front of a row are never reached. */
static void T(ctc_begin)(int64_t states, WIDE value, WIDE *row)
{
    for (int64_t s = -2; s < states; s++)
        row[s] = s == 0 || s == 1 ? value : NEVER;
}

/* p[s] = ln(e^{v[s]} + e^{v[s-1]} + e^{v[s-2] + skip[s]}), as the largest of the three plus ln(1 + …) of the other two. Only that
   correction, which is below ln 3, is computed as REAL: its error is that of rounding x. */
static void T(ctc_step)(int64_t states, const WIDE *v, const WIDE *skip, WIDE *p)
{
    WG_LOOP(states) {
        const WIDE stay = v[i], next = v[i - 1], over = v[i - 2] + skip[i];
        const int stays = stay > next;
        const WIDE either = stays ? stay : next, third = stays ? next : stay;
        const int follows = either > over;
        const WIDE most = follows ? either : over, second = follows ? over : either, base = most == NEVER ? (WIDE)0 : most;
        p[i] = most + (WIDE)R(log)((REAL)1 + R(exp)((REAL)(second - base)) + R(exp)((REAL)(third - base)));
    }
}

/* v[s] = p[s] + x of the state's class at time t */
static void T(ctc_emit)(const T(ctc_sequence) * q, int64_t t, bool reversed, const WIDE *p, WIDE *v)
{
    const ELEM *x = q->x[0] + t * q->time[0];
    const int64_t *class_of = reversed ? q->class_of + q->states - 1 : q->class_of, step = reversed ? -1 : 1;
    for (int64_t s = 0; s < q->states; s++)
        v[s] = p[s] + (WIDE)(REAL)x[class_of[s * step] * q->column[0]];
}

/* ln(e^v + e^w) of the two states in which a path may end */
static WIDE T(ctc_end)(int64_t states, const WIDE *v)
{
    const WIDE a = v[states - 1], b = v[states - 2], most = a > b ? a : b, base = most == NEVER ? (WIDE)0 : most;
    return base + W(log)(W(exp)(a - base) + W(exp)(b - base));
}
