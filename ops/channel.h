/* Passes over all elements of a channel (axis 1 of (N,C,…)), compiled once per number type: shared by batch_norm and its gradient.
   An element has an image n (axis 0) and a position p (row-major index over axes 2 and on).

   The sum over a channel is Σₙ Σₚ. Both sums are made of partial sums (parts) that are combined as a tree: image n is added to part
   n mod IMAGE_PARTS, position p to part p mod PARTS of its image, in ascending order. So whichever of channels, images and
   positions are adjacent in memory, a vector of elements is added to a vector of parts, and the bits depend neither on memory order
   nor on threads. */

enum { T(PARTS) = 32, T(IMAGE_PARTS) = 8, T(ALONG) = 32, T(GROUP) = 64, T(MOST) = 4 };

#define WG_INLINED static inline __attribute__((always_inline))

/* The axis along which elements are adjacent in every tensor of a pass. STRIDED: there is none, and the pass runs along images,
   strided. */
enum T(order) { T(CHANNELS), T(POSITIONS), T(IMAGES), T(STRIDED) };

/* The addresses and strides of up to MOST tensors of one shape. */
typedef struct {
    ELEM *data[T(MOST)];
    int64_t image[T(MOST)], channel[T(MOST)], position[T(MOST)]; /* strides; position's if positions have a constant one */
    struct wg_reduction_plan plan[T(MOST)];                      /* of the positions */
    enum T(order) order;
    bool even;  /* positions have a constant stride in every tensor */
    bool dense; /* a channel's elements are adjacent, images innermost */
    int64_t images, channels, positions;
} T(pass);

static void T(pass_over)(T(pass) * pass, int tensors, const wg_tensor *const *t)
{
    bool channels = true, positions = true, images = true;
    pass->images = wg_extents(t[0])[0];
    pass->channels = wg_extents(t[0])[1];
    pass->even = pass->dense = true;
    for (int i = 0; i < tensors; i++) {
        wg_plan_reduction(t[i], t[i], ((1u << t[i]->rank) - 1) & ~3u, &pass->plan[i]);
        pass->data[i] = (ELEM *)(void *)t[i]->data;
        pass->image[i] = wg_strides(t[i])[0];
        pass->channel[i] = wg_strides(t[i])[1];
        pass->position[i] = pass->plan[i].n_reduced == 1 ? pass->plan[i].reduced_in[0] : 0;
        channels = channels && pass->channel[i] == 1;
        positions = positions && pass->position[i] == 1;
        images = images && pass->image[i] == 1;
        pass->even = pass->even && pass->plan[i].n_reduced == 1;
        pass->dense = pass->dense && pass->position[i] == pass->images;
    }
    pass->positions = pass->plan[0].count;
    pass->order = channels ? T(CHANNELS) : positions ? T(POSITIONS) : images ? T(IMAGES) : T(STRIDED);
    pass->dense = pass->dense && pass->order == T(IMAGES);
}

/* The number of channels that are processed together: a group if channels are adjacent, else one. */
static int64_t T(channels_of)(const T(pass) * pass)
{
    return pass->order == T(CHANNELS) ? T(GROUP) : 1;
}

/* A step processes the n elements at[i][0], at[i][s[i]], … of each tensor i. unit: all strides are 1. each: element k uses
   statistic k of the state; otherwise all elements use statistic 0. A summing step adds its term of element k to part[k]. */
typedef void T(step)(int64_t n, bool unit, ELEM *const *at, const int64_t *s, bool each, const void *state, WIDE *part);

/* Runs the step on n elements. n == full contiguous elements have a loop of constant length, which is vectorised without a
   remainder. */
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

/* The offsets of positions first … first + n - 1 in each tensor. */
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

static inline void T(add_parts)(WIDE *to, const WIDE *part, int64_t w)
{
    WG_LOOP(w)
        to[i] = to[i] + part[i];
}

/* Combines the parts of w columns as a tree; the totals are in the first row. stride: between rows of parts. */
static void T(join_parts)(WIDE *part, int64_t parts, int64_t stride, int64_t w)
{
    for (int64_t half = T(PARTS) / 2; half > 0; half /= 2)
        for (int64_t j = 0; j < half && j + half < parts; j++)
            if (w == T(ALONG))
                T(add_parts)(part + j * stride, part + (j + half) * stride, T(ALONG));
            else
                T(add_parts)(part + j * stride, part + (j + half) * stride, w);
}

static inline void T(clear_parts)(WIDE *part, int64_t parts, int64_t stride, int64_t w)
{
    for (int64_t j = 0; j < parts; j++)
        for (int64_t k = 0; k < w; k++)
            part[j * stride + k] = (WIDE)0;
}

/* A row of parts: those of the first sum, then those of the second. */
enum { T(SECOND) = T(GROUP), T(ROW) = 2 * T(GROUP) };

/* Adds sums of images to the images' parts: those of images first … first + n - 1 of one channel, or those of one image of w
   channels. part has the sums. */
static inline void T(add_images)(int64_t first, int64_t n, int64_t w, const WIDE *part, int64_t stride, WIDE *image_part)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < w; k++) {
            WIDE *to = image_part + (first + i) % T(IMAGE_PARTS) * stride + k;
            *to = *to + part[i + k];
        }
}

#define WG_LEAST(a, b) ((a) < (b) ? (a) : (b))

/* For one position per image: adds the elements to the images' parts directly. */
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

/* Parts that are computed side by side if there is one sum: their sums stay in registers, 4 vectors each in AVX-512. */
#if defined(VECTOR_BYTES) && VECTOR_BYTES == 64
enum { T(ABREAST) = 4 };
#else
enum { T(ABREAST) = 1 };
#endif

/* For each of `abreast` positions: the sums of ALONG adjacent elements over it and the positions PARTS, 2 PARTS, … behind it,
   `blocks` in all. `abreast` and sums are constants, so that the sums stay in registers. part receives a row for each position. */
WG_INLINED void T(add_blocks)(const T(pass) * pass, int tensors, ELEM *const *from, int64_t blocks, int64_t abreast, int sums,
                              T(step) * step, const void *state, WIDE *part)
{
    ELEM *at[T(MOST)];
    WIDE sum[T(ABREAST) * T(ROW)];
    for (int64_t k = 0; k < abreast; k++)
        for (int i = 0; i < sums; i++)
            T(clear_parts)(sum + k * T(ROW) + i * T(SECOND), 1, 0, T(ALONG));
    for (int64_t block = 0; block < blocks; block++)
        for (int64_t k = 0; k < abreast; k++) {
            for (int i = 0; i < tensors; i++)
                at[i] = from[i] + (block * T(PARTS) + k) * pass->position[i];
            step(T(ALONG), true, at, pass->image, false, state, sum + k * T(ROW));
        }
    for (int64_t k = 0; k < abreast; k++)
        for (int i = 0; i < sums; i++)
            for (int64_t j = 0; j < T(ALONG); j++)
                part[k * T(ROW) + i * T(SECOND) + j] = sum[k * T(ROW) + i * T(SECOND) + j];
}

/* sum_positions for whole blocks of PARTS positions, before their parts are joined. Returns how many positions it has summed: 0 if
   there is no block, or ALONG elements are not adjacent, neither positions (ALONG is PARTS) nor images. */
WG_INLINED int64_t T(sum_blocks)(const T(pass) * pass, int tensors, int64_t image, int64_t n, int64_t channel, int sums,
                                 T(step) * step, const void *state, WIDE *part)
{
    const int64_t blocks = pass->positions / T(PARTS), abreast = T(ABREAST) > sums ? T(ABREAST) / sums : 1;
    ELEM *from[T(MOST)];
    if (blocks == 0 || (pass->order != T(POSITIONS) && (pass->order != T(IMAGES) || !pass->even || n != T(ALONG))))
        return 0;
    for (int i = 0; i < tensors; i++)
        from[i] = pass->data[i] + image * pass->image[i] + channel * pass->channel[i];
    if (pass->order == T(POSITIONS))
        T(add_blocks)(pass, tensors, from, blocks, 1, sums, step, state, part);
    else
        for (int64_t k = 0; k < T(PARTS); k += abreast) {
            T(add_blocks)(pass, tensors, from, blocks, abreast, sums, step, state, part + k * T(ROW));
            for (int i = 0; i < tensors; i++)
                from[i] += abreast * pass->position[i];
        }
    return blocks * T(PARTS);
}

/* Sums over positions: for n images, if images are adjacent or nothing is, otherwise for one image. part receives one sum per image
   or channel. */
WG_INLINED void T(sum_positions)(const T(pass) * pass, int tensors, int64_t image, int64_t n, int64_t channel, int64_t w, int sums,
                                 T(step) * step, const void *state, WIDE *part)
{
    const bool along = pass->order == T(POSITIONS);
    const int64_t parts = WG_LEAST(pass->positions, T(PARTS)), stride = along ? 1 : T(ROW);
    const int64_t columns = along ? 1 : pass->order == T(CHANNELS) ? w : n;
    int64_t offset[T(MOST)][T(PARTS)];
    ELEM *at[T(MOST)];
    int64_t first = T(sum_blocks)(pass, tensors, image, n, channel, sums, step, state, part);
    for (int i = 0; i < sums && first == 0; i++)
        T(clear_parts)(part + i * T(SECOND), along ? 1 : parts, stride, along ? parts : columns);
    for (; first < pass->positions; first += T(PARTS)) {
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
        T(join_parts)(part + i * T(SECOND), parts, stride, columns);
}

/* The sums that step makes over channels channel … channel + w - 1. Sum i of the k-th of them goes to total[i * GROUP + k]. */
WG_INLINED void T(sum_channels)(const T(pass) * pass, int tensors, int64_t channel, int64_t w, int sums, T(step) * step,
                                const void *state, WIDE *total)
{
    const bool side_by_side = pass->order == T(CHANNELS);
    const int64_t most = side_by_side || pass->order == T(POSITIONS) ? 1 : T(ALONG),
                  image_parts = WG_LEAST(pass->images, T(IMAGE_PARTS));
    const int64_t columns = side_by_side ? w : 1, stride = side_by_side ? T(ROW) : 1;
    WIDE part[T(PARTS) * T(ROW)], image_part[T(IMAGE_PARTS) * T(ROW)];
    for (int i = 0; i < sums; i++)
        T(clear_parts)(image_part + i * T(SECOND), T(IMAGE_PARTS), stride, columns);
    if (pass->positions == 1)
        T(sum_points)(pass, tensors, channel, w, step, state, image_part);
    for (int64_t image = 0, n; image < pass->images && pass->positions > 1; image += n) {
        n = WG_LEAST(pass->images - image, most);
        T(sum_positions)(pass, tensors, image, n, channel, w, sums, step, state, part);
        for (int i = 0; i < sums; i++)
            T(add_images)(image, n, columns, part + i * T(SECOND), stride, image_part + i * T(SECOND));
    }
    for (int i = 0; i < sums; i++) {
        T(join_parts)(image_part + i * T(SECOND), image_parts, stride, columns);
        for (int64_t k = 0; k < w; k++)
            total[i * T(GROUP) + k] = image_part[i * T(SECOND) + k];
    }
}

/* A pass whose result is one element per channel: the sum that a step makes. */
typedef struct {
    T(pass) pass;
    ELEM *sum;
    int64_t step, width; /* stride of sum; channels of a group */
} T(channel_sums);

/* The sums of the groups first … last - 1. */
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

/* Runs groups(first, last, T(channel_sums) *) over all groups of channels, on several threads if the work is large enough. */
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

/* Runs step over every element of channels channel … channel + w - 1. */
WG_INLINED void T(each_element)(const T(pass) * pass, int tensors, int64_t channel, int64_t w, T(step) * step, const void *state)
{
    int64_t offset[T(MOST)][T(PARTS)];
    ELEM *at[T(MOST)];
    const bool channels = pass->order == T(CHANNELS), along = pass->order == T(POSITIONS) || pass->dense;
    const int64_t width = along ? pass->positions : T(PARTS), rows = channels || (along && !pass->dense) ? pass->images : 1;
    for (int64_t first = 0; first < pass->positions; first += width) {
        const int64_t count = along ? 1 : WG_LEAST(pass->positions - first, width);
        T(offsets_at)(pass, tensors, first, count, offset);
        for (int64_t image = 0; image < rows; image++)
            for (int64_t k = 0; k < count; k++) {
                T(point_at)(pass, tensors, image, channel, offset, k, at);
                if (channels)
                    T(run_step)(step, w, T(GROUP), true, at, pass->channel, true, state, 0);
                else if (along)
                    step(pass->positions * (pass->dense ? pass->images : 1), true, at, pass->image, false, state, 0);
                else
                    T(run_step)(step, pass->images, T(ALONG), pass->order == T(IMAGES), at, pass->image, false, state, 0);
            }
    }
}

/* Element k of a tensor that has one element per channel; otherwise if the tensor is absent. */
static inline REAL T(of_channel)(const wg_tensor *t, int64_t k, REAL otherwise)
{
    return wg_absent(t) ? otherwise : (REAL)((const ELEM *)(const void *)t->data)[k * wg_strides(t)[0]];
}
