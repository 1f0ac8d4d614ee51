/* Shared by sort and topk. Elements are sorted by integer keys with the same order: NaN is the largest, and both zeros are equal.
   The sort is stable. The first k of n elements are selected with a buffer of more than k entries. When it is full, it is sorted
   and cut to k entries; from then on only elements with a smaller key than the k-th are admitted. */
#include "ops/op.h"

static uint64_t key_of(double value, bool falling)
{
    uint64_t key = UINT64_MAX;
    if (!isnan(value)) {
        value = value + 0.0; /* -0 becomes 0 */
        memcpy(&key, &value, sizeof key);
        key = key >> 63 ? ~key : key | (uint64_t)1 << 63;
    }
    return falling ? ~key : key;
}

/* ---- sorting entries ---- */

enum { FEW = 64, DIGITS = 8, VALUES = 256 };

static void insertion_sort(struct wg_entry *entry, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        const struct wg_entry moved = entry[i];
        int64_t at = i;
        for (; at > 0 && entry[at - 1].key > moved.key; at--)
            entry[at] = entry[at - 1];
        entry[at] = moved;
    }
}

/* A counting sort by one byte of the keys; count[v] is the number of keys whose byte is v. */
static void distribute(const struct wg_entry *from, struct wg_entry *to, int64_t n, int digit, const int64_t *count)
{
    int64_t next[VALUES], sum = 0;
    for (int value = 0; value < VALUES; value++) {
        next[value] = sum;
        sum += count[value];
    }
    for (int64_t i = 0; i < n; i++)
        to[next[from[i].key >> (8 * digit) & 255]++] = from[i];
}

/* Sorts n entries, with spare as workspace for n more; returns whichever of the two has the sorted entries. An insertion sort for
   up to FEW entries, otherwise a radix sort by bytes from the lowest. A byte that is equal in all keys is skipped; in keys of f32
   elements most are. */
static struct wg_entry *sort_entries(struct wg_entry *entry, struct wg_entry *spare, int64_t n)
{
    int64_t count[DIGITS][VALUES];
    if (n <= FEW) {
        insertion_sort(entry, n);
        return entry;
    }
    memset(count, 0, sizeof count);
    for (int64_t i = 0; i < n; i++)
        for (int digit = 0; digit < DIGITS; digit++)
            count[digit][entry[i].key >> (8 * digit) & 255]++;
    for (int digit = 0; digit < DIGITS; digit++) {
        if (count[digit][entry[0].key >> (8 * digit) & 255] == n)
            continue;
        distribute(entry, spare, n, digit, count[digit]);
        struct wg_entry *sorted = spare;
        spare = entry;
        entry = sorted;
    }
    return entry;
}

/* ---- the first k ---- */

int64_t wg_ranking_capacity(int64_t n, int64_t k)
{
    const int64_t wanted = k > INT64_MAX / 4 ? n : 2 * k + 32;
    return wanted < n ? wanted : n;
}

void wg_ranking_start(struct wg_ranking *r, struct wg_entry *workspace, int64_t capacity, int64_t k, bool falling)
{
    *r = (struct wg_ranking){.entry = workspace, .spare = workspace + capacity, .capacity = capacity, .k = k, .falling = falling};
}

static void cut(struct wg_ranking *r)
{
    struct wg_entry *sorted = sort_entries(r->entry, r->spare, r->n);
    if (sorted != r->entry) {
        r->spare = r->entry;
        r->entry = sorted;
    }
    if (r->n > r->k)
        r->n = r->k;
}

void wg_ranking_add(struct wg_ranking *r, const double *value, int64_t first, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const uint64_t key = key_of(value[i], r->falling);
        if (r->barred && key >= r->bar)
            continue;
        if (r->n == r->capacity) {
            cut(r);
            r->barred = true;
            r->bar = r->k > 0 ? r->entry[r->k - 1].key : 0;
            if (key >= r->bar)
                continue;
        }
        r->entry[r->n++] = (struct wg_entry){.key = key, .place = first + i};
    }
}

const struct wg_entry *wg_ranking_end(struct wg_ranking *r)
{
    cut(r);
    return r->entry;
}

/* ---- the ops ---- */

wg_status wg_order_shape(const wg_call *c, wg_spec *out)
{
    const struct wg_order_params *p = c->params;
    char text[80];
    WG_TRY(wg_axis_shape(c, out));
    int64_t *extent = &out[0].extent[p->axis];
    if (p->cut && (p->k < 0 || p->k > *extent)) {
        snprintf(text, sizeof text, "k is %lld, expected 0 to %lld", (long long)p->k, (long long)*extent);
        return wg_call_error(c, WG_E_ARGUMENT, text);
    }
    *extent = p->cut ? p->k : *extent;
    out[1] = out[0];
    out[1].dtype = WG_I64;
    return WG_OK;
}

wg_tensor *wg_order(const struct wg_op *op, wg_tensor *x, struct wg_order_params p, wg_tensor **places)
{
    wg_tensor *out[2] = {NULL, NULL};
    if (places)
        *places = NULL;
    if (wg_has_value(x) && wg_axis(op->name, x, p.axis, &p.axis) != WG_OK)
        return NULL;
    if (wg_invoke(op, &p, &x, 1, out, 2) != WG_OK)
        return NULL;
    if (places)
        *places = out[1];
    else
        wg_free_intermediate(out[1]);
    return out[0];
}

/* The gradient is scattered into the accumulator if there is one, else into zeros. */
wg_status wg_order_vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const struct wg_order_params *p = c->params;
    const wg_tensor *x = c->in[0];
    if (!gx[0].need)
        return WG_OK;
    gx[0].accumulated = gx[0].into != NULL;
    wg_tensor *to = gx[0].into ? gx[0].into : wg_zeros((wg_dtype)x->dtype, wg_shape_of(x));
    return wg_give(&gx[0], wg_scatter_add(wg_donate(to), p->axis, c->out[1], gy[0]));
}

wg_status wg_order_jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    const struct wg_order_params *p = c->params;
    ty[1] = WG_NONE;
    return wg_made(ty[0] = wg_gather(tx[0], p->axis, c->out[1]));
}
