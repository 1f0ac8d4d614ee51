/* Data: reading it, and mini-batches of it. This header includes the chapters. */
#ifndef WENGERT_DATA_H
#define WENGERT_DATA_H

#include "data/batches.h"
#include "data/read.h"

#endif
