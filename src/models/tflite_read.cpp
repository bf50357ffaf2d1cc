// Reads what TensorFlow Lite's schema (version 3) says of a graph. Numbers of members and of enums
// are those of tensorflow/lite/schema/schema.fbs.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "base/bytes.h"
#include "models/tflite.h"

namespace gvc::models {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr int kMostSide = 4096;
constexpr size_t kMostValues = size_t{1} << 26;

// A flatbuffer whose every offset is checked. What leads outside gives 0, and ok() is false then.
class Flatbuffer {
  public:
    explicit Flatbuffer(std::span<const std::byte> bytes) : bytes_(bytes) {}

    bool ok() const { return ok_; }

    template <typename T>
    T number(size_t at) {
        if (at > bytes_.size() || bytes_.size() - at < sizeof(T)) {
            ok_ = false;
            return {};
        }
        if constexpr (std::is_same_v<T, float>) {
            return std::bit_cast<float>(load_le<uint32_t>(bytes_.data() + at));
        } else {
            return static_cast<T>(load_le<std::make_unsigned_t<T>>(bytes_.data() + at));
        }
    }

    // Where an offset leads.
    size_t follow(size_t at) { return at + number<uint32_t>(at); }

    // Where member `index` of the table is; 0 if it has its default.
    size_t member(size_t table, int index) {
        const auto to_vtable = static_cast<int64_t>(number<int32_t>(table));
        const auto vtable = static_cast<size_t>(static_cast<int64_t>(table) - to_vtable);
        const size_t entry = 4 + 2 * static_cast<size_t>(index);
        if (entry >= number<uint16_t>(vtable)) return 0;
        const auto offset = number<uint16_t>(vtable + entry);
        return offset == 0 ? 0 : table + offset;
    }

    template <typename T>
    T value(size_t table, int index, T otherwise) {
        const size_t at = member(table, index);
        return at == 0 ? otherwise : number<T>(at);
    }

    // A member that is a table; 0 if it is missing.
    size_t table(size_t owner, int index) {
        const size_t at = member(owner, index);
        return at == 0 ? 0 : follow(at);
    }

    struct Vector {
        size_t first = 0, count = 0;
    };
    Vector vector(size_t owner, int index, size_t item) {
        const size_t at = table(owner, index);
        if (at == 0) return {};
        const Vector v{at + 4, number<uint32_t>(at)};
        if (v.first > bytes_.size() || (bytes_.size() - v.first) / item < v.count) {
            ok_ = false;
            return {};
        }
        return v;
    }

    std::vector<int> integers(size_t owner, int index) {
        const Vector v = vector(owner, index, 4);
        std::vector<int> list;
        for (size_t i = 0; i < v.count; ++i) list.push_back(number<int32_t>(v.first + 4 * i));
        return list;
    }

    std::vector<size_t> tables(size_t owner, int index) {
        const Vector v = vector(owner, index, 4);
        std::vector<size_t> list;
        for (size_t i = 0; i < v.count; ++i) list.push_back(follow(v.first + 4 * i));
        return list;
    }

  private:
    std::span<const std::byte> bytes_;
    bool ok_ = true;
};

Status wrong(const std::string& what) { return {Code::model, "TensorFlow Lite file: " + what}; }

}  // namespace

class TfliteReader {
  public:
    explicit TfliteReader(std::span<const std::byte> file) : file_(file) {}

    Result<TfliteNetwork> read() {
        const size_t root = file_.follow(0);
        if (file_.value<uint32_t>(root, 0, 0) != 3) return wrong("not of version 3");
        for (const size_t code : file_.tables(root, 1)) {
            // The number's place moved when there were more than 127 of them.
            codes_.push_back(
                std::max<int>(file_.value<int8_t>(code, 0, 0), file_.value<int32_t>(code, 3, 0)));
        }
        const auto graphs = file_.tables(root, 2);
        buffers_ = file_.tables(root, 4);
        if (graphs.size() != 1) return wrong("not one graph");
        for (const size_t tensor : file_.tables(graphs[0], 0)) {
            GVC_RETURN_IF_ERROR(read_tensor(tensor));
        }
        const auto inputs = file_.integers(graphs[0], 1), outputs = file_.integers(graphs[0], 2);
        if (inputs.size() != 1 || outputs.size() != 1 || !is_tensor(inputs[0]) ||
            !is_tensor(outputs[0])) {
            return wrong("not one input and one output");
        }
        network_.input_ = inputs[0];
        network_.output_ = outputs[0];
        written_.resize(network_.tensors_.size(), false);
        written_[inputs[0]] = true;
        for (const size_t op : file_.tables(graphs[0], 3)) GVC_RETURN_IF_ERROR(read_operation(op));
        if (!file_.ok()) return wrong("damaged");
        if (!written_[outputs[0]]) return wrong("nothing makes its output");
        return std::move(network_);
    }

  private:
    using Kind = TfliteNetwork::Kind;

    bool is_tensor(int index) const {
        return index >= 0 && static_cast<size_t>(index) < network_.tensors_.size();
    }

    Status read_tensor(size_t table) {
        TfliteNetwork::Tensor tensor;
        tensor.shape = file_.integers(table, 0);
        for (const int side : tensor.shape) {
            if (side < 1 || side > kMostSide) return wrong("a tensor of unknown size");
        }
        if (tensor.shape.size() > 4 || tensor.count() > kMostValues) {
            return wrong("a tensor that is too large");
        }
        const auto buffer = file_.value<uint32_t>(table, 2, 0);
        if (buffer >= buffers_.size()) return wrong("damaged");
        const auto data = file_.vector(buffers_[buffer], 0, 1);
        constexpr int8_t kFloat32 = 0;
        if (data.count > 0 && file_.value<int8_t>(table, 1, 0) == kFloat32) {
            if (data.count != tensor.count() * sizeof(float)) return wrong("damaged");
            for (size_t i = 0; i < tensor.count(); ++i) {
                tensor.values.push_back(file_.number<float>(data.first + i * sizeof(float)));
            }
        }
        network_.tensors_.push_back(std::move(tensor));
        return file_.ok() ? Status{} : wrong("damaged");
    }

    Status read_operation(size_t table) {
        const auto code = file_.value<uint32_t>(table, 0, 0);
        const auto outputs = file_.integers(table, 2);
        const size_t options = file_.table(table, 4);
        if (code >= codes_.size() || outputs.size() != 1 || options == 0 || !file_.ok()) {
            return wrong("damaged");
        }
        TfliteNetwork::Operation op;
        op.inputs = file_.integers(table, 1);
        op.output = outputs[0];
        int activation = 0;  // the member's number
        switch (codes_[code]) {
            case 0:
                op.kind = Kind::add;
                break;
            case 1:
                op.kind = Kind::average_pool;
                activation = 5;
                break;
            case 2:
                op.kind = Kind::concat;
                activation = 1;
                break;
            case 3:
                op.kind = Kind::conv;
                activation = 3;
                break;
            case 4:
                op.kind = Kind::depthwise;
                activation = 4;
                break;
            case 23:
                op.kind = Kind::resize;
                activation = -1;
                break;
            default:
                return wrong("unknown operation " + std::to_string(codes_[code]));
        }
        if (op.kind == Kind::conv || op.kind == Kind::depthwise) {
            constexpr int8_t kSame = 0;
            op.stride = file_.value<int32_t>(options, 1, 1);
            op.dilation = file_.value<int32_t>(options, activation + 1, 1);
            if (file_.value<int8_t>(options, 0, kSame) != kSame) {
                return wrong("a convolution without padding");
            }
        }
        if (op.kind == Kind::resize && !file_.value<uint8_t>(options, 2, 0)) {
            return wrong("a resize whose corners are not aligned");
        }
        GVC_RETURN_IF_ERROR(read_activation(options, activation, op));
        return add(std::move(op));
    }

    Status read_activation(size_t options, int member, TfliteNetwork::Operation& op) {
        switch (member < 0 ? int8_t{0} : file_.value<int8_t>(options, member, 0)) {
            case 0:
                op.least = -kInfinity;
                op.most = kInfinity;
                return {};
            case 1:
                op.most = kInfinity;
                return {};
            case 3:
                op.most = 6;
                return {};
            default:
                return wrong("unknown activation");
        }
    }

    // Every tensor that is read was written before, or is weights.
    Status add(TfliteNetwork::Operation op) {
        if (!file_.ok() || !is_tensor(op.output)) return wrong("damaged");
        // The second input of a resize is its size, which the output's shape has too.
        if (op.kind == Kind::resize && op.inputs.size() == 2) op.inputs.pop_back();
        const size_t data = op.kind == Kind::conv || op.kind == Kind::depthwise ? 1 : 99;
        for (size_t i = 0; i < op.inputs.size(); ++i) {
            if (!is_tensor(op.inputs[i])) return wrong("damaged");
            const bool weights = i >= data;
            if (weights ? network_.tensors_[op.inputs[i]].values.empty()
                        : !written_[op.inputs[i]]) {
                return wrong("an operation without its input");
            }
        }
        if (written_[op.output]) return wrong("a tensor that is written twice");
        GVC_RETURN_IF_ERROR(network_.check(op));
        written_[op.output] = true;
        network_.operations_.push_back(std::move(op));
        return {};
    }

    Flatbuffer file_;
    std::vector<int> codes_;
    std::vector<size_t> buffers_;
    std::vector<bool> written_;
    TfliteNetwork network_;
};

Result<TfliteNetwork> TfliteNetwork::parse(std::span<const std::byte> file) {
    return TfliteReader(file).read();
}

}  // namespace gvc::models
