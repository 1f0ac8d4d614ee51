/* What the examples that learn from handwritten digits share: which images are learned from, how they are distorted, how a network is
   scored. */
#ifndef EXAMPLE_DIGITS_H
#define EXAMPLE_DIGITS_H

#include <math.h>
#include <string.h>

#include <wengert.h>

/* Rows 0 to TRAIN - 1 are for training, but for every tenth of them, which is held out; other people wrote the rows behind. */
enum { ROWS = 1797, TRAIN = 898, SIDE = 8, PIXELS = SIDE * SIDE, CLASSES = 10, HOLD_EVERY = 10 };

enum { TRAINING, HELD_OUT, TEST, PARTS };

struct part {
    wg_tensor *x, *y; /* (n,64) pixels in 0..1, (n) digits */
};

static inline void free_part(struct part *part)
{
    wg_free(part->x), wg_free(part->y);
}

/* Held out is every tenth training image, or all that this one of the seven writers wrote; -1: every tenth. */
static inline wg_status read_parts(struct part part[PARTS], int writer)
{
    enum { WRITERS = 7 };
    static const int64_t first[WRITERS + 1] = {0, 130, 256, 386, 516, 646, 776, TRAIN};
    int64_t rows[PARTS][ROWS], n[PARTS] = {0};
    wg_tensor *x, *y;
    if (writer >= WRITERS)
        return wg_error_set(WG_E_ARGUMENT, "digits", "digits: expected a writer from 0 to 6, got %d", writer);
    WG_TRY(wg_dataset_digits(&x, &y, .flat = true));
    for (int64_t row = 0; row < ROWS; row++) {
        const bool held_out = writer < 0 ? row % HOLD_EVERY == HOLD_EVERY - 1 : row >= first[writer] && row < first[writer + 1];
        const int which = row >= TRAIN ? TEST : held_out ? HELD_OUT : TRAINING;
        rows[which][n[which]++] = row;
    }
    for (int i = 0; i < PARTS; i++) {
        wg_tensor *index = wg_from(rows[i], WG_SHAPE(n[i]));
        part[i] = (struct part){wg_dataset_take_rows(x, index), wg_dataset_take_rows(y, index)};
        wg_free(index);
    }
    wg_free(x), wg_free(y);
    return wg_error_first() ? wg_error_first()->code : WG_OK;
}

/* The share of images whose digit has the largest logit. */
static inline double accuracy(const wg_nn_module *net, const struct part *part)
{
    WG_EVAL_MODE;
    WG_NO_GRAD;
    WG_TAPE(tape);
    return wg_item(wg_mean(wg_cast(wg_eq(wg_argmax(wg_nn_apply(net, part->x), .axis = 1), part->y), WG_F64)));
}

/* How far an image is distorted at most: radians, shares and pixels. */
static const struct {
    float turn, slant, stretch, shift;
} distortion = {0.2f, 0.2f, 0.15f, 0.6f};

/* The pixel at (row, column) between the grid's points, by bilinear interpolation; 0 outside. */
static inline float pixel(const float *image, float row, float column)
{
    const int r = (int)floorf(row), c = (int)floorf(column);
    float sum = 0;
    for (int dr = 0; dr < 2; dr++)
        for (int dc = 0; dc < 2; dc++) {
            const int at_row = r + dr, at_column = c + dc;
            if (at_row < 0 || at_row >= SIDE || at_column < 0 || at_column >= SIDE)
                continue;
            const float weight = (1 - fabsf(row - (float)at_row)) * (1 - fabsf(column - (float)at_column));
            sum += weight * image[at_row * SIDE + at_column];
        }
    return sum;
}

/* Distorts one image in place; u: six numbers in (-1, 1). */
static inline void distort(float *image, const float *u)
{
    float source[PIXELS];
    const float angle = u[0] * distortion.turn, slant = u[1] * distortion.slant, middle = (SIDE - 1) / 2.0f;
    const float wide = 1 + u[2] * distortion.stretch, high = 1 + u[3] * distortion.stretch;
    const float dx = u[4] * distortion.shift, dy = u[5] * distortion.shift;
    const float cosine = cosf(angle), sine = sinf(angle);
    memcpy(source, image, sizeof source);
    for (int row = 0; row < SIDE; row++)
        for (int column = 0; column < SIDE; column++) {
            const float x = (float)column - middle, y = (float)row - middle;
            const float from_column = wide * (cosine * x + (slant - sine) * y) + dx + middle;
            const float from_row = high * (sine * x + cosine * y) + dy + middle;
            image[row * SIDE + column] = pixel(source, from_row, from_column);
        }
}

#endif
