/* Nine points of three classes, and the weights and biases with which a linear classifier of them begins: the demonstration of F. Gogianu,
   Optimization (Bitdefender). */
#ifndef WG_STUDIES_NINE_POINTS_H
#define WG_STUDIES_NINE_POINTS_H

#include <stdint.h>

enum { POINTS = 9, CLASSES = 3, WEIGHTS = 2 * CLASSES };
static const double points[2 * POINTS] = {.5, .4, .8, .3, .3, .8, -.4, .3, -.3, .7, -.7, .2, .7, -.4, .5, -.6, -.4, -.5};
static const int64_t labels[POINTS] = {0, 0, 0, 1, 1, 1, 2, 2, 2};
static const double weights[WEIGHTS] = {1, 2, 2, -4, 3, -1}, biases[CLASSES] = {0, .5, -.5};

#endif
