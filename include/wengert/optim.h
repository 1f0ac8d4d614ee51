#ifndef WENGERT_OPTIM_H
#define WENGERT_OPTIM_H
#include "base.h"
#endif
