/* Wengert: reverse-mode automatic differentiation in C. This header includes all the others. */
#ifndef WENGERT_H
#define WENGERT_H

#include "base.h"
#include "chain.h"
#include "check.h"
#include "cost.h"
#include "data.h"
#include "derivative.h"
#include "dump.h"
#include "error.h"
#include "graph.h"
#include "lifetime.h"
#include "minimize.h"
#include "nn.h"
#include "nn/penalty.h"
#include "nn/wrapper.h"
#include "op.h"
#include "ops.h"
#include "optim.h"
#include "options.h"
#include "random.h"
#include "replay.h"
#include "runtime.h"
#include "schedule.h"
#include "stage.h"
#include "stopping.h"
#include "study.h"
#include "tape.h"
#include "tensor.h"
#include "trace.h"

#endif
