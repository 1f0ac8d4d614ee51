/* What the examples that learn from handwritten digits share: which images are learned from, and how they are distorted. */
#ifndef EXAMPLE_DIGITS_H
#define EXAMPLE_DIGITS_H

#include <math.h>
#include <string.h>

/* Rows 0 to TRAIN - 1 are for training, but for every tenth of them, which is held out; other people wrote the rows behind. */
enum { ROWS = 1797, TRAIN = 898, SIDE = 8, PIXELS = SIDE * SIDE, CLASSES = 10, HOLD_EVERY = 10 };

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
