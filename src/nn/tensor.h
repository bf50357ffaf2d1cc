// A device tensor as networks see it: a shape and a handle that only its backend can open.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace gvc::nn {

// Logical order is always [N, C, H, W]; how a backend lays it out in memory is its own business.
struct Shape {
    int64_t n = 1, c = 1, h = 1, w = 1;

    int64_t count() const { return n * c * h * w; }
    bool operator==(const Shape&) const = default;
};

std::string to_string(const Shape& shape);  // "[1,96,30,54]"

// Base of each backend's storage (host buffer, dnnl::memory, at::Tensor).
class Storage {
  public:
    virtual ~Storage() = default;
};

// Cheap to copy: copies share the storage. Values are never changed after an operation returned them.
class Tensor {
  public:
    Tensor() = default;
    Tensor(Shape shape, std::shared_ptr<Storage> storage)
        : shape_(shape), storage_(std::move(storage)) {}

    bool defined() const { return storage_ != nullptr; }
    const Shape& shape() const { return shape_; }
    Storage* storage() const { return storage_.get(); }
    const std::shared_ptr<Storage>& shared_storage() const { return storage_; }

  private:
    Shape shape_;
    std::shared_ptr<Storage> storage_;
};

}  // namespace gvc::nn
