/* Wengert, reverse-mode automatic differentiation in C: all that a program includes. */
#include "wengert/wengert.h"
