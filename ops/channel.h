/* What batch_norm and its gradient share, for the number type at hand: passes over all elements of a channel, axis 1 of (N,C,…). They are
   those of images n, at positions p in row-major order of axes 2 and on.

   The sum over a channel is Σ over n of Σ over p, each made in parts that are joined as a tree: image n is added to part n mod IMAGE_PARTS,
   position p to part p mod PARTS of its image, in order. So whichever of channels, images and positions lie side by side in memory, a
   vector of them is added to a vector of parts, and neither memory order nor threads show in the bits. */

enum { T(PARTS) = 32, T(IMAGE_PARTS) = 8, T(ALONG) = 32, T(GROUP) = 64, T(MOST) = 4 };

#define WG_INLINED static inline __attribute__((always_inline))

/* What lies side by side in every tensor of a pass. Where nothing does, a pass runs along images, with their strides. */
enum T(order) { T(CHANNELS), T(POSITIONS), T(IMAGES), T(APART) };

/* Up to MOST tensors of one shape: where their elements lie. */
typedef struct {
    ELEM *data[T(MOST)];
    int64_t image[T(MOST)], channel[T(MOST)], position[T(MOST)]; /* strides; the last of positions evenly spaced */
    struct wg_reduction_plan plan[T(MOST)];                      /* of positions */
    enum T(order) order;
    int64_t images, channels, positions;
} T(pass);

static void T(pass_over)(T(pass) * pass, int tensors, const wg_tensor *const *t)
{
    bool channels = true, positions = true, images = true;
    for (int i = 0; i < tensors; i++) {
        wg_plan_reduction(t[i], t[i], ((1u << t[i]->rank) - 1) & ~3u, &pass->plan[i]);
        pass->data[i] = (ELEM *)(void *)t[i]->data;
        pass->image[i] = wg_strides(t[i])[0];
        pass->channel[i] = wg_strides(t[i])[1];
        pass->position[i] = pass->plan[i].n_reduced == 1 ? pass->plan[i].reduced_in[0] : 0;
        channels = channels && pass->channel[i] == 1;
        positions = positions && pass->position[i] == 1;
        images = images && pass->image[i] == 1;
    }
    pass->images = wg_extents(t[0])[0];
    pass->channels = wg_extents(t[0])[1];
    pass->positions = pass->plan[0].count;
    pass->order = channels ? T(CHANNELS) : positions ? T(POSITIONS) : images ? T(IMAGES) : T(APART);
}

/* Channels that are worked on together: those side by side, else one. */
static int64_t T(channels_of)(const T(pass) * pass)
{
    return pass->order == T(CHANNELS) ? T(GROUP) : 1;
}

/* What is done to n elements at[i][0], at[i][s[i]], … of each tensor; unit: their strides are 1. Statistic k of the state belongs to
   element k if each has its own, else statistic 0 to all. Sums are added to parts, one for each element. */
typedef void T(step)(int64_t n, bool unit, ELEM *const *at, const int64_t *s, bool each, const void *state, WIDE *part);

/* Runs it on n elements; full of them, side by side, get a loop of their own, which the compiler vectorises without a remainder. */
WG_INLINED void T(run_step)(T(step) * step, int64_t n, int64_t full, bool unit, ELEM *const *at, const int64_t *s, bool each,
                            const void *state, WIDE *part)
{
    if (unit && n == full)
        step(full, true, at, s, each, state, part);
    else if (unit)
        step(n, true, at, s, each, state, part);
    else
        step(n, false, at, s, each, state, part);
}

/* Offsets of n positions from first on, in each tensor. */
static inline void T(offsets_at)(const T(pass) * pass, int tensors, int64_t first, int64_t n, int64_t offset[T(MOST)][T(PARTS)])
{
    for (int i = 0; i < tensors; i++)
        if (pass->plan[i].n_reduced > 1)
            wg_reduced_offsets(&pass->plan[i], first, n, offset[i]);
        else
            for (int64_t k = 0; k < n; k++)
                offset[i][k] = (first + k) * pass->position[i];
}

WG_INLINED void T(point_at)(const T(pass) * pass, int tensors, int64_t image, int64_t channel, int64_t offset[T(MOST)][T(PARTS)],
                            int64_t k, ELEM **at)
{
    for (int i = 0; i < tensors; i++)
        at[i] = pass->data[i] + image * pass->image[i] + channel * pass->channel[i] + offset[i][k];
}

/* ---- sums ---- */

/* w columns of parts, apart from one another by rows, to the first row. */
static inline void T(join_parts)(WIDE *part, int64_t parts, int64_t apart, int64_t w)
{
    for (int64_t half = T(PARTS) / 2; half > 0; half /= 2)
        for (int64_t j = 0; j < half && j + half < parts; j++)
            for (int64_t k = 0; k < w; k++)
                part[j * apart + k] = part[j * apart + k] + part[(j + half) * apart + k];
}

static inline void T(clear_parts)(WIDE *part, int64_t parts, int64_t apart, int64_t w)
{
    for (int64_t j = 0; j < parts; j++)
        for (int64_t k = 0; k < w; k++)
            part[j * apart + k] = (WIDE)0;
}

/* A row of parts: those of one sum, then those of a second one. */
enum { T(SECOND) = T(GROUP), T(ROW) = 2 * T(GROUP) };

/* Adds n images from first on, or one of w channels, to the images' parts: each image's own sums stand in part. */
static inline void T(add_images)(int64_t first, int64_t n, int64_t w, const WIDE *part, int64_t apart, WIDE *image_part)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < w; k++) {
            WIDE *to = image_part + (first + i) % T(IMAGE_PARTS) * apart + k;
            *to = *to + part[i + k];
        }
}

#define WG_LEAST(a, b) ((a) < (b) ? (a) : (b))

/* One position an image: its elements are added to the images' parts. */
WG_INLINED void T(sum_points)(const T(pass) * pass, int tensors, int64_t channel, int64_t w, T(step) * step, const void *state,
                              WIDE *image_part)
{
    int64_t offset[T(MOST)][T(PARTS)];
    ELEM *at[T(MOST)];
    T(offsets_at)(pass, tensors, 0, 1, offset);
    if (pass->order == T(CHANNELS))
        for (int64_t image = 0; image < pass->images; image++) {
            T(point_at)(pass, tensors, image, channel, offset, 0, at);
            T(run_step)(step, w, T(GROUP), true, at, pass->channel, true, state, image_part + image % T(IMAGE_PARTS) * T(ROW));
        }
    else
        for (int64_t image = 0; image < pass->images; image += T(IMAGE_PARTS)) {
            T(point_at)(pass, tensors, image, channel, offset, 0, at);
            T(run_step)
            (step, WG_LEAST(pass->images - image, T(IMAGE_PARTS)), T(IMAGE_PARTS), pass->order == T(IMAGES), at, pass->image, false,
             state, image_part);
        }
}

/* The positions of n images side by side, or of one whose positions or channels are, into a sum for each of them. */
WG_INLINED void T(sum_positions)(const T(pass) * pass, int tensors, int64_t image, int64_t n, int64_t channel, int64_t w, int sums,
                                 T(step) * step, const void *state, WIDE *part)
{
    const bool along = pass->order == T(POSITIONS);
    const int64_t parts = WG_LEAST(pass->positions, T(PARTS)), apart = along ? 1 : T(ROW);
    const int64_t columns = along ? 1 : pass->order == T(CHANNELS) ? w : n;
    int64_t offset[T(MOST)][T(PARTS)];
    ELEM *at[T(MOST)];
    for (int i = 0; i < sums; i++)
        T(clear_parts)(part + i * T(SECOND), along ? 1 : parts, apart, along ? parts : columns);
    for (int64_t first = 0; first < pass->positions; first += T(PARTS)) {
        const int64_t count = WG_LEAST(pass->positions - first, T(PARTS));
        T(offsets_at)(pass, tensors, first, count, offset);
        if (along) {
            T(point_at)(pass, tensors, image, channel, offset, 0, at);
            T(run_step)(step, count, T(PARTS), true, at, pass->position, false, state, part);
        } else if (pass->order == T(CHANNELS)) {
            for (int64_t k = 0; k < count; k++) {
                T(point_at)(pass, tensors, image, channel, offset, k, at);
                T(run_step)(step, w, T(GROUP), true, at, pass->channel, true, state, part + k * T(ROW));
            }
        } else {
            for (int64_t k = 0; k < count; k++) {
                T(point_at)(pass, tensors, image, channel, offset, k, at);
                T(run_step)(step, n, T(ALONG), pass->order == T(IMAGES), at, pass->image, false, state, part + k * T(ROW));
            }
        }
    }
    for (int i = 0; i < sums; i++)
        T(join_parts)(part + i * T(SECOND), parts, apart, columns);
}

/* The sums that step makes over w channels from channel on; sum i of channel k to total[i * GROUP + k]. */
WG_INLINED void T(sum_channels)(const T(pass) * pass, int tensors, int64_t channel, int64_t w, int sums, T(step) * step,
                                const void *state, WIDE *total)
{
    const bool side_by_side = pass->order == T(CHANNELS);
    const int64_t most = side_by_side || pass->order == T(POSITIONS) ? 1 : T(ALONG),
                  image_parts = WG_LEAST(pass->images, T(IMAGE_PARTS));
    const int64_t columns = side_by_side ? w : 1, apart = side_by_side ? T(ROW) : 1;
    WIDE part[T(PARTS) * T(ROW)], image_part[T(IMAGE_PARTS) * T(ROW)];
    for (int i = 0; i < sums; i++)
        T(clear_parts)(image_part + i * T(SECOND), T(IMAGE_PARTS), apart, columns);
    if (pass->positions == 1)
        T(sum_points)(pass, tensors, channel, w, step, state, image_part);
    for (int64_t image = 0, n; image < pass->images && pass->positions > 1; image += n) {
        n = WG_LEAST(pass->images - image, most);
        T(sum_positions)(pass, tensors, image, n, channel, w, sums, step, state, part);
        for (int i = 0; i < sums; i++)
            T(add_images)(image, n, columns, part + i * T(SECOND), apart, image_part + i * T(SECOND));
    }
    for (int i = 0; i < sums; i++) {
        T(join_parts)(image_part + i * T(SECOND), image_parts, apart, columns);
        for (int64_t k = 0; k < w; k++)
            total[i * T(GROUP) + k] = image_part[i * T(SECOND) + k];
    }
}

/* One number a channel: the sum that a step makes. */
typedef struct {
    T(pass) pass;
    ELEM *sum;
    int64_t step, width; /* in sum; channels of a group */
} T(channel_sums);

/* Those of some groups of channels. */
WG_INLINED void T(sum_groups)(const T(channel_sums) * all, int tensors, T(step) * step, int64_t first, int64_t last)
{
    for (int64_t channel = first * all->width; channel < all->pass.channels && channel < last * all->width; channel += all->width) {
        const int64_t w = WG_LEAST(all->pass.channels - channel, all->width);
        WIDE total[T(GROUP)];
        T(sum_channels)(&all->pass, tensors, channel, w, 1, step, 0, total);
        for (int64_t k = 0; k < w; k++)
            all->sum[(channel + k) * all->step] = (REAL)total[k];
    }
}

/* All groups: groups(first, last, a channel_sums) works on some of them. */
static inline wg_status T(sum_by_channel)(int tensors, const wg_tensor *const *t, const wg_tensor *sum, double work,
                                          wg_part *groups)
{
    T(channel_sums) all;
    T(pass_over)(&all.pass, tensors, t);
    all.sum = (ELEM *)(void *)sum->data;
    all.step = wg_strides(sum)[0];
    all.width = T(channels_of)(&all.pass);
    wg_parallel(wg_kernel_threads(work), (all.pass.channels + all.width - 1) / all.width, groups, &all);
    return WG_OK;
}

/* ---- elements ---- */

/* Runs step over every element of w channels from channel on. */
WG_INLINED void T(each_element)(const T(pass) * pass, int tensors, int64_t channel, int64_t w, T(step) * step, const void *state)
{
    int64_t offset[T(MOST)][T(PARTS)];
    ELEM *at[T(MOST)];
    const bool channels = pass->order == T(CHANNELS), along = pass->order == T(POSITIONS);
    const int64_t width = along ? pass->positions : T(PARTS), rows = channels || along ? pass->images : 1;
    for (int64_t first = 0; first < pass->positions; first += width) {
        const int64_t count = along ? 1 : WG_LEAST(pass->positions - first, width);
        T(offsets_at)(pass, tensors, first, count, offset);
        for (int64_t image = 0; image < rows; image++)
            for (int64_t k = 0; k < count; k++) {
                T(point_at)(pass, tensors, image, channel, offset, k, at);
                if (channels)
                    T(run_step)(step, w, T(GROUP), true, at, pass->channel, true, state, 0);
                else if (along)
                    step(pass->positions, true, at, pass->position, false, state, 0);
                else
                    T(run_step)(step, pass->images, T(ALONG), pass->order == T(IMAGES), at, pass->image, false, state, 0);
            }
    }
}

/* Element k of a tensor of one number per channel; what it counts as if it is absent. */
static inline REAL T(of_channel)(const wg_tensor *t, int64_t k, REAL otherwise)
{
    return wg_absent(t) ? otherwise : (REAL)((const ELEM *)(const void *)t->data)[k * wg_strides(t)[0]];
}
